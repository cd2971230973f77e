import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { executionWorkflowId } from '../../../workflows/contract';
import type { ChaosSystem } from './chaos-system';

/** Temporal may hand tasks to the stopped worker's open polls several times before another worker gets one. */
const OVERTAKEN_LIMIT_MS = 90_000;
const LOOK_MS = 200;

/**
 * Waits until a stopped worker is a zombie: another worker has begun what it was at, or the run has ended or waits for a
 * person without it. Before that a pause is no more than a pause.
 */
export async function untilOvertaken(chaos: ChaosSystem, executionId: string, pid: number): Promise<void> {
  const client = chaos.client();
  const connection = await Connection.connect({ address: chaos.system.temporalAddress });
  try {
    const handle = new Client({ connection }).workflow.getHandle(executionWorkflowId(executionId));
    const endsAtMs = performance.now() + OVERTAKEN_LIMIT_MS;
    while (performance.now() < endsAtMs) {
      const { raw } = await handle.describe();
      const others = (raw.pendingActivities ?? []).filter(
        ({ attempt, lastWorkerIdentity }) =>
          (attempt ?? 1) > 1 && lastWorkerIdentity && !lastWorkerIdentity.startsWith(`${pid}@`),
      );
      if (others.length > 0 || (await client.poll(executionId)).status !== 'RUNNING') return;
      await sleep(LOOK_MS);
    }
  } finally {
    await connection.close();
  }
}
