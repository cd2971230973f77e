import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../sandbox/core/ledger';
import { circuitBreakers } from '../../store/database/circuit-breakers';
import { openDatabase, type Database } from '../../store/database/database';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';
import { until } from '../support/until';

const WORKERS = 2;
const THRESHOLD = 5;
const RESET_MS = 15_000;
/** Runs at once; each makes one call at a time. */
const CONCURRENCY = 8;
const RUNS = 40;
/**
 * Of the median of many, since all that run at once are late where the machine stands still for seconds. The few that find
 * out that the provider is dead run at once: they are still not to wait until it would be asked again.
 */
const FAILOVER_MAX_MS = { turnedDown: 4_000, dead: RESET_MS - 5_000 };

let test: TestSystem;
let database: Database;

beforeAll(async () => {
  test = await TestSystem.start({
    EVERFRAME_FAL_BREAKER_VOLUME_THRESHOLD: String(THRESHOLD),
    EVERFRAME_FAL_BREAKER_RESET_MS: String(RESET_MS),
    EVERFRAME_SANDBOX_LATENCY_SCALE: '0',
  });
  await test.addWorker();
  database = openDatabase(test.system.databaseUrl);
});

afterAll(async () => {
  await database.close();
  await test.stop();
});

/** Runs one node per prompt, so many at once; says who served each. */
async function run(prompts: readonly string[], concurrency = CONCURRENCY): Promise<Map<string, string>> {
  const served = new Map<string, string>();
  const waiting = [...prompts];
  const runOneByOne = async () => {
    for (let prompt = waiting.shift(); prompt !== undefined; prompt = waiting.shift()) {
      const graph = aGraph(prompt).node('image', 'generate:nano_banana_pro').edge('prompt', 'image').build();
      const { executionId } = await test.client.execute(graph);
      const view = await test.client.wait(executionId);
      served.set(prompt, `${view.status} ${view.nodes['image']?.provider ?? ''}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, runOneByOne));
  return served;
}

const named = (name: string, count: number) => Array.from({ length: count }, (_, nth) => `${name} ${nth}.`);

async function submits(): Promise<readonly LedgerEntry[]> {
  const response = await fetch(`${test.system.urls.sandbox}/_sandbox/ledger`);
  const { entries } = (await response.json()) as { entries: LedgerEntry[] };
  return entries.filter(({ kind }) => kind === 'submit');
}

/** From the last time that fal turned a run down until the next provider took it, for each such run, sorted. */
function failoverTimes(entries: readonly LedgerEntry[], prompts: readonly string[]): readonly number[] {
  return prompts
    .flatMap((prompt) => {
      const own = entries.filter((entry) => entry.prompt?.includes(prompt));
      const rejected = own.filter(({ provider, accepted }) => provider === 'fal' && !accepted).at(-1);
      const taken = own.find(({ provider, accepted }) => provider !== 'fal' && accepted);
      return rejected && taken ? [Date.parse(taken.receivedAt) - Date.parse(rejected.receivedAt)] : [];
    })
    .sort((left, right) => left - right);
}

/** Prints the figures, and gives the median back. */
function tell(what: string, timesMs: readonly number[]): number {
  const [p50Ms, p95Ms] = [percentile(timesMs, 0.5), percentile(timesMs, 0.95)];
  console.info(
    `${what}: taken by the next provider p50 ${p50Ms} ms, p95 ${p95Ms} ms after the rejection (n = ${timesMs.length})`,
  );
  return p50Ms;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? Number.NaN;
}

const isClosed = async () => (await circuitBreakers.readOpen(database)).length === 0;

describe('a provider that dies under two workers', () => {
  const lost = named('lost newt', 3);
  const dead = named('dead hare', RUNS);

  it('serves before, also what it took without an answer: that goes nowhere else', async () => {
    await run(named('well fox', 12));
    await test.setFaults([{ provider: 'fal', contains: 'lost newt', action: 'accept_then_drop' }]);
    const served = await run(lost, 1);
    expect(new Set(served.values())).toEqual(new Set(['COMPLETED fal']));
  });

  it('hands over at once what it definitely turns down', async () => {
    const turnedDown = named('turned down toad', 24);
    await test.setFaults([{ provider: 'fal', action: 'unauthorized' }]);
    const served = await run(turnedDown);
    expect(new Set(served.values())).toEqual(new Set(['COMPLETED replicate']));
    const times = failoverTimes(await submits(), turnedDown);
    expect(times).toHaveLength(turnedDown.length);
    expect(tell('turned down', times)).toBeLessThanOrEqual(FAILOVER_MAX_MS.turnedDown);
    expect(await isClosed()).toBe(true);
  });

  it('is hardly called once it is dead, and every run is served by the next provider', async () => {
    await test.setFaults([{ provider: 'fal', action: 'server_error' }]);
    const before = (await submits()).length;
    const startedAtMs = Date.now();
    const served = await run(dead);
    expect(new Set(served.values())).toEqual(new Set(['COMPLETED replicate']));
    const entries = (await submits()).slice(before);
    const calls = entries.filter(({ provider }) => provider === 'fal').length;
    const probes = Math.floor((Date.now() - startedAtMs) / RESET_MS);
    console.info(
      `dead: ${RUNS} runs, ${CONCURRENCY} at once, ${WORKERS} workers: ${calls} calls reached it, probes among them: ${probes} at most`,
    );
    const medianMs = tell('dead', failoverTimes(entries, dead));
    expect(calls).toBeGreaterThanOrEqual(THRESHOLD);
    expect(calls).toBeLessThanOrEqual(WORKERS * THRESHOLD + CONCURRENCY + probes);
    expect(medianMs).toBeLessThanOrEqual(FAILOVER_MAX_MS.dead);
    expect(await isClosed()).toBe(false);
  });

  it('is used again by all after the first probe that goes well', async () => {
    await test.setFaults([]);
    const before = (await submits()).length;
    let served = new Map<string, string>();
    for (let nth = 0; ![...served.values()].includes('COMPLETED fal'); nth += 1)
      served = await run(named(`patient owl ${nth}`, 1));
    const sinceHealthy = (await submits()).slice(before).filter(({ provider }) => provider === 'fal');
    expect(sinceHealthy).toMatchObject([{ accepted: true }]);
    await until(isClosed);
    // The other worker knows within a second.
    for (
      let nth = 0;
      [...served.values()].some((end) => end !== 'COMPLETED fal') || served.size < 8;
      nth += 1
    )
      served = await run(named(`well again ${nth}`, 8));
    const refused = (await submits()).slice(before).filter(({ accepted }) => !accepted);
    expect(refused).toEqual([]);
  });

  it('has led to no run that two providers took', async () => {
    const accepted = (await submits()).filter((entry) => entry.accepted);
    const twice = [...lost, ...dead].filter(
      (prompt) =>
        new Set(accepted.filter((entry) => entry.prompt?.includes(prompt)).map(({ provider }) => provider))
          .size > 1,
    );
    expect(twice).toEqual([]);
  });
});
