import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosSystem } from '../system/chaos-system';
import type { Random } from './random';
import type { Blow } from './storm-plan';

/** A blow that was dealt. */
export interface DealtBlow {
  readonly blow: Blow;
  readonly atMs: number;
}

/** Nobody came by a failpoint for this long: it is armed again later. */
const FAILPOINT_WAIT_MS = 20_000;
const TRIES_MAX = 5;

/**
 * Deals the blows one after the other, with pauses that let the runs get on in between. What is armed or stopped stays so
 * while the next blows fall.
 *
 * @param progress - Share of the runs that have started, 0–1: no greater share of the blows falls
 * @returns those that hit; a failpoint that nobody came by in five tries is left out
 */
export async function dealBlows(
  chaos: ChaosSystem,
  blows: readonly Blow[],
  random: Random,
  progress: () => number,
): Promise<readonly DealtBlow[]> {
  return new Storm(chaos, blows, random, progress).run();
}

class Storm {
  private readonly waiting: { readonly blow: Blow; readonly tries: number }[];
  private readonly dealt: DealtBlow[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly armed = new Set<string>();

  constructor(
    private readonly chaos: ChaosSystem,
    private readonly blows: readonly Blow[],
    private readonly random: Random,
    private readonly progress: () => number,
  ) {
    this.waiting = blows.map((blow) => ({ blow, tries: 1 }));
  }

  async run(): Promise<readonly DealtBlow[]> {
    while (this.waiting.length > 0 || this.underWay.size > 0) {
      await sleep(this.random.between(800, 2_500));
      if (this.dealt.length > this.progress() * this.blows.length) continue;
      const next = this.waiting.shift();
      if (next !== undefined) await this.deal(next.blow, next.tries);
    }
    return this.dealt;
  }

  private async deal(blow: Blow, tries: number): Promise<void> {
    switch (blow.kind) {
      case 'kill':
        return this.signal(blow, 'SIGKILL');
      case 'stop':
        return this.signal(blow, 'SIGSTOP', (pid) =>
          this.keep(sleep(blow.forMs).then(() => void signal(pid, 'SIGCONT'))),
        );
      case 'failpoint':
        if (this.armed.has(blow.place)) this.waiting.push({ blow, tries });
        else this.keep(this.killAtFailpoint(blow, tries));
    }
  }

  /** Whoever is being restarted is waited for: a blow at nobody does not count. */
  private async signal(
    blow: Extract<Blow, { kind: 'kill' | 'stop' }>,
    name: NodeJS.Signals,
    then: (pid: number) => void = () => undefined,
  ): Promise<void> {
    for (;;) {
      const pids = this.chaos.pidsOf(blow.victim).filter((pid) => signal(pid, 0));
      const pid = pids.length > 0 ? this.random.pick(pids) : undefined;
      if (pid !== undefined && signal(pid, name)) {
        this.dealt.push({ blow, atMs: Date.now() });
        return then(pid);
      }
      await sleep(50);
    }
  }

  private async killAtFailpoint(blow: Extract<Blow, { kind: 'failpoint' }>, tries: number): Promise<void> {
    const { place } = blow;
    this.armed.add(place);
    this.chaos.arm(place, 'kill');
    const endsAtMs = performance.now() + FAILPOINT_WAIT_MS;
    while (this.chaos.hitBy(place) === undefined && performance.now() < endsAtMs) await sleep(20);
    this.chaos.disarm(place);
    this.armed.delete(place);
    if (this.chaos.hitBy(place) !== undefined) this.dealt.push({ blow, atMs: Date.now() });
    else if (tries < TRIES_MAX) this.waiting.push({ blow, tries: tries + 1 });
  }

  private keep(work: Promise<void>): void {
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
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
