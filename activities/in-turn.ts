const lastTurns = new Map<string, Promise<unknown>>();

/**
 * Runs the works of one key one after the other, in the order in which they came; those of different keys do not wait
 * for each other. Writes of one execution wait for its row's lock anyway: waiting here costs no connection and no
 * process of the database.
 */
export async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = lastTurns.get(key);
  const turn = before === undefined ? work() : before.then(work, work);
  lastTurns.set(key, turn);
  try {
    return await turn;
  } finally {
    if (lastTurns.get(key) === turn) lastTurns.delete(key);
  }
}
