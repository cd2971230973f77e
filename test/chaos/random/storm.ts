import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosSystem } from '../system/chaos-system';
import type { Random } from './random';
import type { Blow } from './storm-plan';

/** A blow that was dealt. */
export interface DealtBlow {
  readonly blow: Blow;
  readonly atMs: number;
}

/** Nobody came by a failpoint for this long: the next blow is dealt, and this one tried again at the end. */
const FAILPOINT_WAIT_MS = 15_000;
const TRIES_MAX = 4;

/**
 * Deals the blows one after the other, with pauses that let the runs get on in between. A stopped process is told to
 * continue while the next blows fall.
 *
 * @returns those that hit; a failpoint that nobody came by in four tries is left out
 */
export async function dealBlows(
  chaos: ChaosSystem,
  blows: readonly Blow[],
  random: Random,
): Promise<readonly DealtBlow[]> {
  const dealt: DealtBlow[] = [];
  const stopped: Promise<void>[] = [];
  const waiting = blows.map((blow) => ({ blow, tries: 0 }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    await sleep(random.between(500, 2_500));
    const { blow, tries } = next;
    if (await deal(chaos, blow, random, stopped)) dealt.push({ blow, atMs: Date.now() });
    else if (tries + 1 < TRIES_MAX) waiting.push({ blow, tries: tries + 1 });
  }
  await Promise.all(stopped);
  return dealt;
}

async function deal(
  chaos: ChaosSystem,
  blow: Blow,
  random: Random,
  stopped: Promise<void>[],
): Promise<boolean> {
  switch (blow.kind) {
    case 'kill':
      return signal(random.pick(await alive(chaos, blow.victim)), 'SIGKILL');
    case 'stop': {
      const pid = random.pick(await alive(chaos, blow.victim));
      if (!signal(pid, 'SIGSTOP')) return false;
      stopped.push(sleep(blow.forMs).then(() => void signal(pid, 'SIGCONT')));
      return true;
    }
    case 'failpoint':
      return dealFailpoint(chaos, blow.place);
  }
}

async function dealFailpoint(
  chaos: ChaosSystem,
  place: Extract<Blow, { kind: 'failpoint' }>['place'],
): Promise<boolean> {
  chaos.arm(place, 'kill');
  const endsAtMs = performance.now() + FAILPOINT_WAIT_MS;
  while (chaos.hitBy(place) === undefined && performance.now() < endsAtMs) await sleep(20);
  chaos.disarm(place);
  return chaos.hitBy(place) !== undefined;
}

/** Whoever is being restarted is waited for: a kill of nobody does not count. */
async function alive(
  chaos: ChaosSystem,
  victim: Parameters<ChaosSystem['pidsOf']>[0],
): Promise<readonly number[]> {
  for (;;) {
    const pids = chaos.pidsOf(victim).filter((pid) => signal(pid, 0));
    if (pids.length > 0) return pids;
    await sleep(50);
  }
}

/** @returns false when there is no such process any more */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
