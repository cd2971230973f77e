import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningSystem } from '../cli/up';
import type { ApiClient } from './api-client';
import { median, timed } from './statistics';

const GRAPH = {
  nodes: [
    { id: 'prompt', data: { nodeType: 'input:text', config: {} } },
    { id: 'image', data: { nodeType: 'generate:flux_2_pro', config: {} } },
    { id: 'upscale', data: { nodeType: 'image:crystal_upscaler', config: {} } },
  ],
  edges: [
    { id: 'e1', source: 'prompt', target: 'image' },
    { id: 'e2', source: 'image', target: 'upscale' },
  ],
  triggerData: { prompt: 'A lighthouse in a storm' },
};

export interface CrashFigures {
  readonly kills: number;
  readonly idealMs: number;
  readonly medianOverIdealMs: number;
  readonly maxOverIdealMs: number;
}

/** kill -9 of the worker while the provider works on the upscale job: how much longer than an undisturbed run it takes to the end. */
export async function measureCrash(
  system: RunningSystem,
  client: ApiClient,
  kills = 3,
): Promise<CrashFigures> {
  const undisturbed: number[] = [];
  for (let run = 0; run < 3; run += 1) undisturbed.push(await timed(() => client.executeAndWait(GRAPH)));
  const idealMs = median(undisturbed);
  const overMs: number[] = [];
  for (let kill = 0; kill < kills; kill += 1)
    overMs.push((await timed(() => runWithKill(system, client))) - idealMs);
  return { kills, idealMs, medianOverIdealMs: median(overMs), maxOverIdealMs: Math.max(...overMs) };
}

/** Jobs that the sandbox took, by its own books. */
async function upscaleJobs(system: RunningSystem): Promise<number> {
  const response = await fetch(`${system.urls.sandbox}/_sandbox/ledger`);
  const { entries } = (await response.json()) as {
    entries: { kind: string; model: string; accepted?: boolean }[];
  };
  return entries.filter(
    ({ kind, model, accepted }) => kind === 'submit' && accepted && model.includes('upscaler'),
  ).length;
}

async function runWithKill(system: RunningSystem, client: ApiClient): Promise<void> {
  const jobsBefore = await upscaleJobs(system);
  const executionId = await client.start(GRAPH);
  while ((await upscaleJobs(system)) === jobsBefore) await sleep(5);
  const pid = system.pidOf('worker');
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  for (;;) {
    const { status, error } = await client.poll(executionId, '?wait=60');
    if (status === 'COMPLETED') return;
    if (status === 'FAILED') throw new Error(`The run with the killed worker failed: ${error ?? ''}`);
  }
}
