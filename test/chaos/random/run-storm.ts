import { randomBytes } from 'node:crypto';
import { hashKey } from '../../../api/http/authenticate';
import { SCOPES } from '../../../api/scopes';
import type { EverframeClient } from '../../../client/everframe-client';
import { apiKeyRandomBytes, formatApiKey } from '../../../pipeline/pure/api-key-format';
import { accounts } from '../../../store/database/accounts';
import { credits } from '../../../store/database/credits';
import { openDatabase } from '../../../store/database/database';
import { keys } from '../../../store/database/keys';
import { collectEvidence } from '../evidence/collect-evidence';
import type { ClientEvidence, Evidence, ForeignAnswer } from '../evidence/evidence';
import { ChaosSystem } from '../system/chaos-system';
import { watchRun } from '../system/watch-run';
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
const STRANGER = 'acc_stranger';

/**
 * Runs pipelines of two accounts while processes are killed and stopped and providers misbehave; heals everything, lets
 * all runs end, resumes those that failed for a provider's fault, and asks the witnesses.
 */
export async function runStorm(seed: number, size: StormSize, plantedBug?: string): Promise<StormOutcome> {
  const chaos = await ChaosSystem.start({ servers: 'own', plantedBug });
  try {
    const strangerKey = await openSecondAccount(chaos.system.databaseUrl);
    const clients = [chaos.client(), chaos.client(strangerKey)];
    await chaos.setFaults(planFaults(), seed);
    const traffic = new Traffic(clients, size, new Random(seed));
    const running = traffic.run();
    const storm = new Random(seed + 1);
    const dealt = await dealBlows(chaos, planBlows(storm, size), storm);
    traffic.endAfterPlanned();
    const faultHits = await readFaultHits(chaos);
    await chaos.setFaults([]);
    const watched = await running;
    const { runs, hits } = await resumeFailed(chaos, clients, watched);
    const foreignAnswers = await askAsStranger(chaos, strangerKey, runs, clients.length);
    const evidence = { ...(await collectEvidence(chaos, runs)), foreignAnswers };
    return { evidence, dealt: [...dealt, ...hits], faultHits, resumed: hits.length };
  } finally {
    await chaos.stop();
  }
}

interface WatchedRun extends ClientEvidence {
  readonly client: number;
  readonly end: Awaited<ReturnType<typeof watchRun>>['end'];
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

  endAfterPlanned(): void {
    this.isStormy = false;
  }

  async run(): Promise<readonly WatchedRun[]> {
    const lines = Array.from({ length: this.size.concurrency }, () => this.runOneAfterTheOther());
    return (await Promise.all(lines)).flat();
  }

  private async runOneAfterTheOther(): Promise<readonly WatchedRun[]> {
    const runs: WatchedRun[] = [];
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
  watched: readonly WatchedRun[],
): Promise<{ runs: readonly WatchedRun[]; hits: readonly DealtBlow[] }> {
  const runs: WatchedRun[] = [];
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

async function openSecondAccount(databaseUrl: string): Promise<string> {
  const database = openDatabase(databaseUrl, { poolMax: 1 });
  try {
    await accounts.ensure(database, { id: STRANGER, name: 'Stranger', plan: 'self_hosted' });
    const grant = { accountId: STRANGER, mode: 'test', credits: 1_000_000, grantKey: 'welcome' } as const;
    await credits.grant(database, grant);
    const key = formatApiKey('test', randomBytes(apiKeyRandomBytes));
    await keys.register(database, {
      accountId: STRANGER,
      mode: 'test',
      name: 'stranger',
      hash: hashKey(key),
      last4: key.slice(-4),
      scopes: SCOPES,
    });
    return key;
  } finally {
    await database.close();
  }
}

/** The second account asks for everything of the first one's first runs. */
async function askAsStranger(
  chaos: ChaosSystem,
  key: string,
  runs: readonly WatchedRun[],
  accountsCount: number,
): Promise<readonly ForeignAnswer[]> {
  const foreign = runs.filter(({ client }) => client !== accountsCount - 1).slice(0, 20);
  const answers: ForeignAnswer[] = [];
  for (const { executionId } of foreign) {
    const base = `/api/v1/workflows/executions/${executionId}`;
    const asks = [
      ['GET', base],
      ['GET', `${base}/poll`],
      ['POST', `${base}/cancel`],
      ['POST', `${base}/resume`],
    ] as const;
    for (const [method, path] of asks) {
      const headers = { authorization: `Bearer ${key}` };
      const { status } = await fetch(`${chaos.system.urls.api}${path}`, { method, headers });
      answers.push({ executionId, path: `${method} ${path}`, status });
    }
  }
  return answers;
}

async function readFaultHits(chaos: ChaosSystem): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${chaos.system.urls.sandbox}/_sandbox/faults`);
  const { rules } = (await response.json()) as { rules: { action: string; hits: number }[] };
  const hits = new Map<string, number>();
  for (const rule of rules) hits.set(rule.action, (hits.get(rule.action) ?? 0) + rule.hits);
  return hits;
}
