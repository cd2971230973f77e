import type { EverframeClient } from '../../../client/everframe-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectEvidence } from '../evidence/collect-evidence';
import type { Evidence } from '../evidence/evidence';
import { ChaosSystem } from '../system/chaos-system';
import { askAsStranger, openSecondAccount } from '../system/stranger';
import { watchRun, type WatchedRun } from '../system/watch-run';
import { Random } from './random';
import { dealBlows, type DealtBlow } from './storm';
import { planBlows, planFaults, planGraph, RESUME_PLACE, type StormSize } from './storm-plan';

export interface StormOutcome {
  readonly evidence: Evidence;
  readonly dealt: readonly DealtBlow[];
  /** How often each rule of the fault plan acted, by its action. */
  readonly faultHits: ReadonlyMap<string, number>;
  readonly resumed: number;
}

/** Longest time from the last fault to the end of the last run. */
const CALM_LIMIT_MS = 180_000;
const ASKED_BY_THE_STRANGER = 20;

/**
 * Runs pipelines of two accounts while processes are killed and stopped and providers misbehave; heals everything, lets
 * all runs end, resumes those that failed for a provider's fault, and asks the witnesses.
 */
export async function runStorm(seed: number, size: StormSize): Promise<StormOutcome> {
  const chaos = await ChaosSystem.start({ servers: 'own' });
  try {
    const strangerKey = await openSecondAccount(chaos.system.databaseUrl);
    const clients = [chaos.client(), chaos.client(strangerKey)];
    await chaos.setFaults(planFaults(), seed);
    const traffic = new Traffic(clients, size, new Random(seed));
    const running = traffic.run();
    const storm = new Random(seed + 1);
    const dealt = await dealBlows(chaos, planBlows(storm, size), storm, () => traffic.progress);
    await traffic.planned();
    const faultHits = await readFaultHits(chaos);
    await chaos.setFaults([]);
    const healthySinceMs = Date.now();
    const watched = await running;
    const { runs, hits } = await resumeFailed(chaos, clients, watched);
    const own = runs.filter(({ client }) => client === 0).slice(0, ASKED_BY_THE_STRANGER);
    const foreignAnswers = await askAsStranger(chaos, strangerKey, own);
    const evidence = { ...(await collectEvidence(chaos, runs)), foreignAnswers, healthySinceMs };
    return { evidence, dealt: [...dealt, ...hits], faultHits, resumed: hits.length };
  } finally {
    await chaos.stop();
  }
}

interface StormRun extends WatchedRun {
  /** Index of the client that started it. */
  readonly client: number;
}

/** Keeps a number of runs under way, as many as are planned and on for as long as the storm lasts. */
class Traffic {
  private started = 0;
  private isStormy = true;

  constructor(
    private readonly clients: readonly EverframeClient[],
    private readonly size: StormSize,
    private readonly random: Random,
  ) {}

  /** Share of the planned runs that have started, 0–1. */
  get progress(): number {
    return Math.min(this.started / this.size.runs, 1);
  }

  /** Lets it end once the planned runs have started. */
  async planned(): Promise<void> {
    this.isStormy = false;
    while (this.progress < 1) await sleep(200);
  }

  async run(): Promise<readonly StormRun[]> {
    const lines = Array.from({ length: this.size.concurrency }, () => this.runOneAfterTheOther());
    return (await Promise.all(lines)).flat();
  }

  private async runOneAfterTheOther(): Promise<readonly StormRun[]> {
    const runs: StormRun[] = [];
    while (this.isStormy || this.started < this.size.runs) {
      this.started += 1;
      const number = this.started;
      const graph = planGraph(this.random, number);
      const clientIndex = number % this.clients.length;
      const client = this.clients[clientIndex];
      if (client === undefined) throw new Error('There is no client.');
      const { executionId } = await client.execute(graph);
      const watched = await watchRun(client, executionId, 600_000 + CALM_LIMIT_MS);
      runs.push({ ...watched, client: clientIndex });
    }
    return runs;
  }
}

/** Resumes what failed for a provider's fault, which is healed by now; the API is killed in the first three. */
async function resumeFailed(
  chaos: ChaosSystem,
  clients: readonly EverframeClient[],
  watched: readonly StormRun[],
): Promise<{ runs: readonly StormRun[]; hits: readonly DealtBlow[] }> {
  const runs: StormRun[] = [];
  const hits: DealtBlow[] = [];
  for (const run of watched) {
    const client = clients[run.client];
    const isResumable = run.end?.status === 'FAILED' && run.end.failure.code !== 'submission_unknown';
    if (!isResumable || client === undefined) {
      runs.push(run);
      continue;
    }
    if (hits.length < 3) chaos.arm(RESUME_PLACE, 'kill');
    await client.resume(run.executionId);
    if (chaos.hitBy(RESUME_PLACE) !== undefined && hits.length < 3)
      hits.push({ blow: { kind: 'failpoint', place: RESUME_PLACE }, atMs: Date.now() });
    const again = await watchRun(client, run.executionId, CALM_LIMIT_MS);
    runs.push({ ...run, ...again, views: [...run.views, ...again.views] });
  }
  chaos.disarm(RESUME_PLACE);
  return { runs, hits };
}

async function readFaultHits(chaos: ChaosSystem): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${chaos.system.urls.sandbox}/_sandbox/faults`);
  const { rules } = (await response.json()) as { rules: { action: string; hits: number }[] };
  const hits = new Map<string, number>();
  for (const rule of rules) hits.set(rule.action, (hits.get(rule.action) ?? 0) + rule.hits);
  return hits;
}
