import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Client, Connection } from '@temporalio/client';
import { readCliConfig } from '../cli/config';
import { bringUp, type RunningSystem } from '../cli/up';
import { ApiClient } from './api-client';
import { measureCrash } from './crash';
import { batchOf, fanGraph, linearGraph, type BenchGraph } from './graphs';
import { startInstantProvider } from './instant-provider';
import { printReport, type BenchReport, type Comparison } from './report';
import { median, percentile, ratePerSecond, timed } from './statistics';

const RUNS = 20;
const CLIENTS = 20;
const WINDOW_MS = 10_000;
const BATCH_ITEMS = 500;
/** As `EVERFRAME_BATCH_WINDOW` is unless set. */
const BATCH_WINDOW = 20;
const POLLERS = 50;
const POLL_WINDOW_MS = 5_000;

type Run = () => Promise<unknown>;

/**
 * Holds Everframe against a hand-written Temporal workflow of the same calls: same server, same provider, same run,
 * taken in turn, so that a noisy machine is noisy for both. Ratios are the result; absolute times prove nothing.
 */
async function main(): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), 'everframe-bench-'));
  const provider = await startInstantProvider();
  const environment = {
    ...process.env,
    EVERFRAME_HOME: home,
    OPENAI_API_KEY: 'bench',
    OPENAI_BASE_URL: provider.url,
  };
  const system = await bringUp({
    config: readCliConfig(environment, process.cwd()),
    report: (line) => process.stderr.write(`${line}\n`),
  });
  const hand = startHandWorker(system, provider.url);
  try {
    await once(hand, 'message');
    printReport(await measure(system));
  } finally {
    hand.kill('SIGTERM');
    await system.stop();
    await provider.close();
    await rm(home, { recursive: true, force: true });
  }
}

function startHandWorker(system: RunningSystem, providerUrl: string): ChildProcess {
  return fork(path.join(__dirname, 'hand', 'main.js'), {
    env: { ...process.env, TEMPORAL_ADDRESS: system.temporalAddress, OPENAI_BASE_URL: providerUrl },
  });
}

async function measure(system: RunningSystem): Promise<BenchReport> {
  const connection = await Connection.connect({ address: system.temporalAddress });
  const client = new Client({ connection });
  const handRun =
    (workflow: string): Run =>
    () =>
      client.workflow.execute(workflow, {
        taskQueue: 'bench-hand',
        workflowId: `hand-${randomUUID()}`,
        args: ['bench'],
      });
  const live = new ApiClient(system.urls.api, requireKey(system, 'live'));
  const test = new ApiClient(system.urls.api, requireKey(system, 'test'));
  const ownRun =
    (graph: BenchGraph): Run =>
    () =>
      live.executeAndWait(graph);
  try {
    const linear = await compare('5 in line', handRun('handLinear'), ownRun(linearGraph()));
    const fan = await compare('1 → 10 → 1', handRun('handFan'), ownRun(fanGraph()));
    const batch = await measureBatch(client, live);
    const poll = await measurePolls(live);
    const crash = await measureCrash(system, test);
    return { comparisons: [linear, fan], batch, poll, crash };
  } finally {
    await connection.close();
  }
}

async function compare(name: string, hand: Run, own: Run): Promise<Comparison> {
  await hand();
  await own();
  const latencies: { hand: number[]; own: number[] } = { hand: [], own: [] };
  for (let run = 0; run < RUNS; run += 1) {
    latencies.hand.push(await timed(hand));
    latencies.own.push(await timed(own));
  }
  const rates = {
    hand: [await ratePerSecond(hand, CLIENTS, WINDOW_MS)],
    own: [await ratePerSecond(own, CLIENTS, WINDOW_MS)],
  };
  rates.hand.push(await ratePerSecond(hand, CLIENTS, WINDOW_MS));
  rates.own.push(await ratePerSecond(own, CLIENTS, WINDOW_MS));
  return {
    name,
    handMs: median(latencies.hand),
    ownMs: median(latencies.own),
    handRate: mean(rates.hand),
    ownRate: mean(rates.own),
  };
}

/** Once each: five hundred items are many runs. */
async function measureBatch(client: Client, live: ApiClient): Promise<BenchReport['batch']> {
  const handMs = await timed(() =>
    client.workflow.execute('handBatch', {
      taskQueue: 'bench-hand',
      workflowId: `hand-${randomUUID()}`,
      args: [{ items: BATCH_ITEMS, window: BATCH_WINDOW }],
    }),
  );
  const ownMs = await timed(async () => {
    const executionId = await live.start(batchOf(BATCH_ITEMS));
    for (let status = 'RUNNING'; status !== 'COMPLETED';) {
      ({ status } = await live.poll(executionId, '?wait=60'));
      if (status === 'FAILED') throw new Error('The batch failed.');
    }
  });
  const perSecond = (milliseconds: number): number => (BATCH_ITEMS * 1_000) / milliseconds;
  return { items: BATCH_ITEMS, handRate: perSecond(handMs), ownRate: perSecond(ownMs) };
}

async function measurePolls(client: ApiClient): Promise<{ p50Ms: number; p99Ms: number; perSecond: number }> {
  const executionId = await client.executeAndWait(linearGraph());
  const samples: number[] = [];
  const poll = async (): Promise<void> => {
    samples.push(await timed(() => client.poll(executionId)));
  };
  const perSecond = await ratePerSecond(poll, POLLERS, POLL_WINDOW_MS);
  return { p50Ms: median(samples), p99Ms: percentile(samples, 0.99), perSecond };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function requireKey(system: RunningSystem, mode: 'live' | 'test'): string {
  const key = system.credentials.keys[mode];
  if (key === undefined) throw new Error(`Bring-up made no ${mode} key.`);
  return key;
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
