import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { openDatabase } from '../../../store/database/database';
import { executionWorkflowId } from '../../../workflows/contract';
import type { ChaosSystem } from './chaos-system';

const OVERTAKEN_LIMIT_MS = 90_000;
const LOOK_MS = 100;
/** Twice the heartbeat time-out of workflows/step-activities.ts. */
const PAUSE_MIN_MS = 8_000;
/** What the other worker has ahead of the zombie. */
const AHEAD_MS = 1_000;
/** The zombie goes on this long before lease and request time limit are over, so that what it does still counts. */
const MARGIN_MS = 1_000;

/**
 * Waits until a stopped worker is a zombie: another worker has begun what it was at, or the run has ended or waits for a
 * person without it. Before that a pause is no more than a pause.
 *
 * @returns false when the send that it was at is given up within a second, and nobody has taken over yet
 */
export async function untilOvertaken(chaos: ChaosSystem, executionId: string, pid: number): Promise<boolean> {
  const send = await sendUnderWay(chaos, executionId);
  const endsAtMs = send ? send.givenUpAtMs - MARGIN_MS : Date.now() + OVERTAKEN_LIMIT_MS;
  const pauseEndsAtMs = Date.now() + PAUSE_MIN_MS;
  const client = chaos.client();
  const hasOvertaken = await withHandle(chaos, executionId, (handle) =>
    until(
      endsAtMs - AHEAD_MS,
      async () =>
        (await isAtItElsewhere(handle, pid)) || (await client.poll(executionId)).status !== 'RUNNING',
    ),
  );
  if (hasOvertaken) await sleep(Math.max(pauseEndsAtMs - Date.now(), AHEAD_MS));
  return hasOvertaken;
}

/** Waits until the send that a stopped worker was at is given up, and what follows from that has been done. */
export async function untilGivenUp(chaos: ChaosSystem, executionId: string): Promise<boolean> {
  const send = await sendUnderWay(chaos, executionId);
  if (send === undefined) return false;
  const isOver = await until(
    Date.now() + OVERTAKEN_LIMIT_MS,
    async () => Date.now() > send.givenUpAtMs && (await sendUnderWay(chaos, executionId)) === undefined,
  );
  await sleep(AHEAD_MS);
  return isOver;
}

/** Waits until a run is over for Temporal too: its row tells first, and its worker has a few steps left. */
export async function untilClosed(chaos: ChaosSystem, executionId: string): Promise<void> {
  await withHandle(chaos, executionId, (handle) =>
    until(Date.now() + OVERTAKEN_LIMIT_MS, async () => (await handle.describe()).status.name !== 'RUNNING'),
  );
}

async function isAtItElsewhere(handle: WorkflowHandle, pid: number): Promise<boolean> {
  const { raw } = await handle.describe();
  return (raw.pendingActivities ?? []).some(
    ({ attempt, lastWorkerIdentity }) =>
      (attempt ?? 1) > 1 && lastWorkerIdentity && !lastWorkerIdentity.startsWith(`${pid}@`),
  );
}

/** A claimed job without an answer, and when lease and request time limit are over, by the clock that all share. */
async function sendUnderWay(
  { system, requestTimeoutMs }: ChaosSystem,
  executionId: string,
): Promise<{ readonly givenUpAtMs: number } | undefined> {
  const database = openDatabase(system.databaseUrl, { poolMax: 1 });
  try {
    const job = await database.queries
      .selectFrom('jobs')
      .select('lease_until')
      .where('execution_id', '=', executionId)
      .where('state', '=', 'SUBMITTING')
      .executeTakeFirst();
    const { lease_until: leaseUntil } = job ?? {};
    return leaseUntil ? { givenUpAtMs: leaseUntil.getTime() + requestTimeoutMs } : undefined;
  } finally {
    await database.close();
  }
}

async function withHandle<T>(
  chaos: ChaosSystem,
  executionId: string,
  look: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address: chaos.system.temporalAddress });
  try {
    return await look(new Client({ connection }).workflow.getHandle(executionWorkflowId(executionId)));
  } finally {
    await connection.close();
  }
}

/** @returns whether it came true before that moment */
async function until(endsAtMs: number, isTrue: () => Promise<boolean>): Promise<boolean> {
  while (Date.now() < endsAtMs) {
    if (await isTrue()) return true;
    await sleep(LOOK_MS);
  }
  return false;
}
