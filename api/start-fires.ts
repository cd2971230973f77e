import { schedules } from '../store/database/schedules';
import { executions } from '../store/database/executions';
import type { PendingFire } from '../store/database/schedules/schedule';
import { isJsonObject } from '../pipeline/pure/values';
import { ApiError } from './api-error';
import { toStoredJson } from './graph-body';
import { runWorkflow, type RunDependencies, type RunResult } from './run-workflow';

const LIFETIME_MS = 7 * 24 * 3_600_000;
/** Limits and outages pass: the time is tried again by the next sweep. */
const PASSING: ReadonlySet<number> = new Set([429, 503]);

/** Starts the executions of times that have come, each once, by the way of every execution. */
export async function startFires(dependencies: RunDependencies): Promise<void> {
  for (const fire of await schedules.pendingFires(dependencies.database)) await startFire(dependencies, fire);
}

async function startFire(dependencies: RunDependencies, fire: PendingFire): Promise<void> {
  const { database } = dependencies;
  try {
    const executionId = executionIdOf(await run(dependencies, fire));
    const isWanted = await schedules.fireStarted(database, fire, executionId);
    if (!isWanted) await executions.requestCancel(database, fire.accountId, executionId);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // One account's limit hinders no other.
    if (PASSING.has(error.status)) return;
    await schedules.fireRefused(database, fire, { code: error.code, message: error.message });
  }
}

function run(dependencies: RunDependencies, fire: PendingFire): Promise<RunResult> {
  const { accountId, mode, plan, workflowId, scheduleId } = fire;
  const time = fire.scheduledAt.toISOString();
  const { triggerData, ...rest } = fire.run;
  return runWorkflow(dependencies, {
    runner: { accountId, mode, plan },
    workflowId,
    body: { ...rest, triggerData, variables: { schedule: { id: scheduleId, time } }, tags: [scheduleId] },
    toStore: ({ executionId }) => ({
      ...{ scope: `schedule ${scheduleId}`, key: time, fingerprint: time, lifetimeMs: LIFETIME_MS },
      response: { status: 201, body: toStoredJson({ executionId }) },
    }),
  });
}

/** Of a time that was accepted before a crash, the execution that came of it. */
function executionIdOf(result: RunResult): string {
  if (result.kind === 'started') return result.receipt.executionId;
  const body = result.repeat.kind === 'replayed' ? result.repeat.body : undefined;
  if (isJsonObject(body) && typeof body['executionId'] === 'string') return body['executionId'];
  throw new Error('The stored answer of a scheduled start names no execution.');
}
