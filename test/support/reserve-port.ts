import { randomInt } from 'node:crypto';
import { isPortFree } from '../../cli/embedded/ports';

/** Below the ports that Linux hands out by itself (32768 and up), clear of our own defaults. */
const FIRST = 12_000;
/** Of each worker of jest. */
const COUNT = 2_000;
const WORKERS = 10;

const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS;
let next = randomInt(COUNT);

/**
 * A loopback port that stays free until a process of the test listens on it: no connection of anybody gets it by chance,
 * no other worker of jest chooses it, and it is given once.
 */
export async function reservePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries += 1) {
    next = (next + 1) % COUNT;
    const port = FIRST + worker * COUNT + next;
    if (await isPortFree(port)) return port;
  }
  throw new Error(`None of ${COUNT} ports from ${FIRST + worker * COUNT} on is free.`);
}
