import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { Database } from '../../../store/database/database';
import { isConflict, retryConflicts } from '../../../store/database/retry-conflicts';
import { openTestStore } from '../../support/test-database';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
  await sql`create table pairs (name text primary key, times integer not null default 0)`.execute(
    database.queries,
  );
  await sql`insert into pairs (name) values ('left'), ('right')`.execute(database.queries);
});
afterAll(() => database.close());

/** Two transactions that take the same two rows in opposite orders, and both have the first before they want the second. */
function twoInARing(
  transact: (work: () => Promise<void>) => Promise<void>,
): Promise<PromiseSettledResult<void>[]> {
  const met = new EventEmitter();
  const hold = async (first: string, second: string): Promise<void> => {
    const other = once(met, second);
    let hasMet = false;
    await transact(() =>
      database.queries.transaction().execute(async (transaction) => {
        const take = (name: string) =>
          sql`update pairs set times = times + 1 where name = ${name}`.execute(transaction);
        await take(first);
        met.emit(first);
        if (!hasMet) await other;
        hasMet = true;
        await take(second);
      }),
    );
  };
  return Promise.allSettled([hold('left', 'right'), hold('right', 'left')]);
}

describe('two transactions that wait for each other', () => {
  it('leave one undone, which is told apart from what is somebody’s fault', async () => {
    const results = await twoInARing((work) => work());
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed).toHaveLength(1);
    expect(failed.map(({ reason }) => isConflict(reason))).toEqual([true]);
    expect(isConflict(new Error('none of that'))).toBe(false);
  });

  it('both get through when the one that was undone comes again', async () => {
    await sql`update pairs set times = 0`.execute(database.queries);
    const results = await twoInARing(retryConflicts);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    const { rows } = await sql`select times from pairs`.execute(database.queries);
    expect(rows).toEqual([{ times: 2 }, { times: 2 }]);
  });
});
