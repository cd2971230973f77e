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

/** kill -9 of the worker while the upscale job runs: how much longer than an undisturbed run it takes to the end. */
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

async function runWithKill(system: RunningSystem, client: ApiClient): Promise<void> {
  const executionId = await client.start(GRAPH);
  for (;;) {
    const { nodes } = await client.poll(executionId);
    if (nodes['upscale']?.status === 'RUNNING') break;
  }
  const pid = system.pidOf('worker');
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  for (;;) {
    const { status, error } = await client.poll(executionId, '?wait=60');
    if (status === 'COMPLETED') return;
    if (status === 'FAILED') throw new Error(`The run with the killed worker failed: ${error ?? ''}`);
  }
}
