import { executions } from '../store/database/executions';
import type { ExecutionDetail, PendingMigration } from '../store/database/executions/execution';
import type { MigrationReason } from '../store/database/executions/migration-reason';
import { workflows } from '../store/database/workflows';
import type { JsonObject } from '../workflows/contract';
import type { Caller } from './caller';
import type { ApiDependencies } from './dependencies';
import { toStoredJson } from './graph-body';
import { mendEach } from './mend-each';
import { planMigration, type MigrationPlan } from './plan-migration';
import { planInPlace } from './resume-in-place';
import { startAccepted } from './start-execution';

/** Executions that one publication looks at; the same publication again looks at those that are left. */
const EXECUTIONS_MAX = 1_000;
const CONCURRENCY = 8;

type MigrationDependencies = Pick<ApiDependencies, 'database' | 'temporal' | 'logger' | 'settings' | 'clock'>;

export interface MigrationTarget {
  readonly workflowId: string;
  /** Null: not published yet. */
  readonly version: number | null;
  /** Of the version, as saved. */
  readonly graph: JsonObject;
}

export interface PlannedMigration {
  readonly detail: ExecutionDetail;
  readonly plan: MigrationPlan;
}

/** Looks at every execution of the workflow that runs or waits on another version, in the mode of the caller. Changes nothing. */
export async function planMigrations(
  dependencies: MigrationDependencies,
  { accountId, mode }: Pick<Caller, 'accountId' | 'mode'>,
  { workflowId, version, graph }: MigrationTarget,
): Promise<{ readonly planned: readonly PlannedMigration[]; readonly isComplete: boolean }> {
  const { database } = dependencies;
  const workflow = { accountId, mode, workflowId };
  const found = await executions.inFlight(database, workflow, version, EXECUTIONS_MAX + 1);
  const ids = found.slice(0, EXECUTIONS_MAX);
  const planned: PlannedMigration[] = [];
  for (let from = 0; from < ids.length; from += CONCURRENCY) {
    const some = ids.slice(from, from + CONCURRENCY).map(async (id): Promise<PlannedMigration[]> => {
      const detail = await executions.detail(database, accountId, id);
      return detail ? [{ detail, plan: await planMigration(dependencies, detail, graph) }] : [];
    });
    planned.push(...(await Promise.all(some)).flat());
  }
  return { planned, isComplete: found.length <= EXECUTIONS_MAX };
}

/** Lets those that qualify go on with the version: noted first, so a crash only delays it until the next sweep. */
export async function beginMigrations(
  dependencies: MigrationDependencies,
  planned: readonly PlannedMigration[],
  toVersion: number,
): Promise<void> {
  const ids = planned
    .filter(({ plan }) => plan.kind === 'qualifies')
    .map(({ detail }) => detail.execution.id);
  if (ids.length === 0) return;
  await executions.requestMigrations(dependencies.database, ids, toVersion);
  await driveMigrations(dependencies).catch((error: unknown) =>
    dependencies.logger.warn({ error }, 'Migrations wait for the next sweep.'),
  );
}

/**
 * Brings pending migrations on by one step each: a run that works is told to drain, one that has drained or waits is
 * followed by a run of the version. Safe to repeat, also by several processes at once.
 */
export async function driveMigrations(dependencies: MigrationDependencies): Promise<void> {
  const pending = await executions.pendingMigrations(dependencies.database);
  for (let from = 0; from < pending.length; from += CONCURRENCY) {
    const some = pending.slice(from, from + CONCURRENCY);
    await Promise.all(
      some.map((one) => mendEach(dependencies, [one], (migration) => driveOne(dependencies, migration))),
    );
  }
}

async function driveOne(dependencies: MigrationDependencies, pending: PendingMigration): Promise<void> {
  const { executionId, status, temporalRunId, isTold, isDrained } = pending;
  const { database, temporal } = dependencies;
  if (status !== 'RUNNING' && status !== 'WAITING') {
    const message = `It had ended (${status}) before it could go on with the version.`;
    return executions.endMigration(database, executionId, [{ code: 'ended', message }]);
  }
  if (isDrained || status === 'WAITING') return moveOn(dependencies, pending);
  // One that has not begun is told once it has.
  if (temporalRunId === null || isTold) return;
  if (await temporal.drain(executionId, temporalRunId))
    await executions.migrationTold(database, executionId, temporalRunId);
}

async function moveOn(
  dependencies: MigrationDependencies,
  { executionId, accountId, toVersion, isDrained }: PendingMigration,
): Promise<void> {
  const { database } = dependencies;
  const detail = await executions.detail(database, accountId, executionId);
  if (detail === undefined) return;
  const { workflowId } = detail.execution;
  const version = await workflows.findVersion(database, accountId, workflowId, toVersion);
  const plan: MigrationPlan =
    version === undefined
      ? { kind: 'stays', reasons: [{ code: 'version_gone', message: 'The workflow was deleted.' }] }
      : await planMigration(dependencies, detail, version.graph);
  if (plan.kind === 'qualifies') {
    const { resume, graph } = plan;
    const next = { plan: plan.plan, resume, graph, migration: { toVersion } };
    if (await goOn(dependencies, detail, next)) return;
    const message = 'There are too few credits for what is left of it in the version.';
    return stay(dependencies, detail, isDrained, [{ code: 'insufficient_credits', message }]);
  }
  return stay(dependencies, detail, isDrained, plan.reasons);
}

/** What has drained goes on with its own version in a run of its own; what waits goes on waiting. */
async function stay(
  dependencies: MigrationDependencies,
  detail: ExecutionDetail,
  isDrained: boolean,
  reasons: readonly MigrationReason[],
): Promise<void> {
  const { id: executionId } = detail.execution;
  dependencies.logger.info({ executionId, reasons }, 'An execution stays with its version.');
  if (!isDrained) return executions.endMigration(dependencies.database, executionId, reasons);
  const { plan } = detail.documents;
  const next = { plan, resume: planInPlace(detail), graph: undefined, migration: { reasons } };
  if (await goOn(dependencies, detail, next)) return;
  dependencies.logger.warn({ executionId }, 'An execution that has drained waits for credits to go on.');
}

interface NextRun {
  readonly plan: ExecutionDetail['documents']['plan'];
  readonly resume: Extract<MigrationPlan, { kind: 'qualifies' }>['resume'];
  readonly graph: JsonObject | undefined;
  readonly migration: { readonly toVersion: number } | { readonly reasons: readonly MigrationReason[] };
}

/** @returns false when there are too few credits; a race that somebody else has won counts as done */
async function goOn(
  dependencies: MigrationDependencies,
  { execution }: ExecutionDetail,
  { plan, resume, graph, migration }: NextRun,
): Promise<boolean> {
  const { database } = dependencies;
  const { id: executionId, accountId, attempt, resumeNumber } = execution;
  const { carried, reused, quote } = resume;
  const result = await executions.prepareResume(database, {
    ...{ accountId, executionId, expectedAttempt: attempt, expectedResumeNumber: resumeNumber },
    ...{ plan, carried, migration },
    quote: toStoredJson(quote),
    hold: { minCredits: quote.minCredits, maxCredits: quote.maxCredits },
    reusedSteps: reused.map(({ nodeId }) => nodeId),
    ...(graph === undefined ? {} : { graph }),
  });
  if (result.kind === 'insufficient_credits') return false;
  if (result.kind === 'resumed')
    await startAccepted(dependencies, await executions.pendingStart(database, executionId));
  return true;
}
