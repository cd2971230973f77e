import { executions } from '../store/database/executions';
import type { PendingStart } from '../store/database/executions/execution';
import { idempotency } from '../store/database/idempotency';
import { reviews } from '../store/database/reviews';
import { sweeper } from '../store/database/sweeper';
import type { ExecutionFailure } from '../workflows/contract';
import type { ApiDependencies } from './dependencies';
import { mendBatches } from './batch/mend-batches';
import { mendEach } from './mend-each';
import { driveMigrations } from './migrate-executions';
import { beginDueRedrives } from './redrive';
import { startFires } from './start-fires';
import { startDeliveries } from './start-deliveries';
import { deliverReview } from './deliver-review';
import { deliverResume } from './resume-in-place';
import { resumeTold } from './resume-told';
import { sweepSchedules } from './sweep-schedules';
import { startExecution } from './start-execution';
import { TemporalUnavailableError, type ClosedRun, type TemporalRun } from './temporal-executions';

const SWEEP_MS = 3_000;
/** The API's own start has succeeded or been noted by then. */
const START_GRACE_MS = 3_000;
/** The API's own start has ended for sure by then, so what Temporal does not know will not appear. */
const START_OVER_MS = 10_000;
/** Visibility is eventually consistent: each list overlaps the one before. */
const OVERLAP_MS = 30_000;
const FIRST_LOOK_BACK_MS = 600_000;
const PRUNE_MS = 600_000;
const TEMPS_EVERY_MS = 3_600_000;
/** Longer than any upload may take. */
const STALE_TEMP_MS = 24 * 3_600_000;
const CURSOR = 'closed_runs';

type SweeperDependencies = Pick<
  ApiDependencies,
  'assetStore' | 'database' | 'temporal' | 'logger' | 'clock' | 'settings' | 'rateLimits'
>;

export interface Sweeper {
  /** One sweep, unless another process is at it. */
  sweep(): Promise<void>;
  /** Sweeps every 3 s until `stop`. */
  start(): void;
  /** Waits for the sweep in progress. */
  stop(): Promise<void>;
}

/**
 * Mends what a crash or an operator left: starts that never reached Temporal, resumes and cancels too, runs that ended
 * elsewhere. Begins redrives at their time, and lets go on what waited for news that have come.
 */
export function createSweeper(dependencies: SweeperDependencies): Sweeper {
  const { database, logger, clock } = dependencies;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let prunedAtMs = 0;
  const sweepTemps = createTempSweep(dependencies);

  async function sweepAlone(): Promise<void> {
    await startPending(dependencies);
    await deliverResumes(dependencies);
    await deliverReviews(dependencies);
    await passOnCancels(dependencies);
    await closeEnded(dependencies);
    await driveMigrations(dependencies);
    await beginDueRedrives(dependencies);
    await resumeTold(dependencies);
    await mendBatches(dependencies);
    await settleLeftBehind(dependencies);
    await startDeliveries(dependencies);
    await startFires(dependencies);
    if (clock() - prunedAtMs < PRUNE_MS) return;
    prunedAtMs = clock();
    await idempotency.prune(database);
    await sweepSchedules(dependencies);
  }

  async function sweep(): Promise<void> {
    await sweeper.whenAlone(database, 'executions', sweepAlone);
    await sweepTemps();
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = sweep().catch((error: unknown) => {
        const level = error instanceof TemporalUnavailableError ? 'debug' : 'warn';
        logger[level]({ error }, 'A sweep failed; the next one follows.');
      });
      void running.then(() => {
        if (timer !== undefined) schedule();
      });
    }, SWEEP_MS);
  }

  return {
    sweep,
    start: schedule,
    stop: async () => {
      clearTimeout(timer);
      timer = undefined;
      await running;
    },
  };
}

/** What an API that was killed during an upload left on this machine, hourly; each process looks after its own. */
function createTempSweep({ assetStore, clock }: SweeperDependencies): () => Promise<void> {
  let sweptAtMs = 0;
  return async () => {
    if (clock() - sweptAtMs < TEMPS_EVERY_MS) return;
    sweptAtMs = clock();
    await assetStore.removeStaleTemps(STALE_TEMP_MS);
  };
}

async function startPending(dependencies: SweeperDependencies): Promise<void> {
  const found = await executions.pendingStarts(dependencies.database, START_GRACE_MS);
  await mendEach(dependencies, found, (pending) =>
    (pending.cancelRequestedAt === null ? startOne : dropOne)(dependencies, pending),
  );
}

async function startOne(dependencies: SweeperDependencies, pending: PendingStart): Promise<void> {
  const { executionId } = pending;
  const { runId } = await startExecution(dependencies, pending, { previousRunWaitMs: 0 });
  dependencies.logger.info({ executionId, runId }, 'The sweeper started an execution.');
  await closeIfOver(dependencies, executionId, runId);
}

/** Cancelled before it started: closed without a run, unless Temporal has one after all. */
async function dropOne(dependencies: SweeperDependencies, pending: PendingStart): Promise<void> {
  const { executionId, attempt, startRequestedAt, supersededRunId } = pending;
  const { database, temporal, clock } = dependencies;
  if (supersededRunId !== null) await temporal.supersede(executionId, supersededRunId);
  const latest = await temporal.describeLatest(executionId);
  if (latest?.attempt === attempt) {
    await executions.started(database, executionId, latest.runId);
    await temporal.cancel(executionId);
  } else if (clock() - startRequestedAt.getTime() > START_OVER_MS) {
    await executions.closeFromTemporal(database, { executionId, runId: null, status: 'CANCELLED' });
  }
}

/** A resume whose process died before its run was told, or while Temporal was away. */
async function deliverResumes(dependencies: SweeperDependencies): Promise<void> {
  const found = await executions.pendingResumes(dependencies.database, START_GRACE_MS);
  await mendEach(dependencies, found, async (resume) => {
    const isDelivered = await deliverResume(dependencies, resume);
    if (!isDelivered) await closeIfOver(dependencies, resume.executionId, resume.runId);
  });
}

/** A decision whose process died before the run was told, or while Temporal was away. */
async function deliverReviews(dependencies: SweeperDependencies): Promise<void> {
  const found = await reviews.untold(dependencies.database, START_GRACE_MS);
  await mendEach(dependencies, found, (review) => deliverReview(dependencies, review));
}

/** A cancel that was noted while Temporal was away, or whose process died before it was passed on. */
async function passOnCancels(dependencies: SweeperDependencies): Promise<void> {
  const { database, temporal } = dependencies;
  const found = await executions.unansweredCancels(database, START_OVER_MS);
  await mendEach(dependencies, found, async ({ executionId, runId }) => {
    await temporal.cancel(executionId);
    const latest = await temporal.describeLatest(executionId);
    const isOpen = latest !== undefined && latest.closedAtMs === undefined;
    // Nothing runs any more that could end it: Temporal has lost it, or did not list its end.
    if (!isOpen) await executions.closeFromTemporal(database, { executionId, runId, status: 'CANCELLED' });
  });
}

async function closeEnded(dependencies: SweeperDependencies): Promise<void> {
  const { database, temporal, clock } = dependencies;
  const cursor = await sweeper.readCursor(database, CURSOR);
  const sinceMs = typeof cursor === 'number' ? cursor : clock() - FIRST_LOOK_BACK_MS;
  const open = await readOpenRuns(dependencies);
  // Without open executions there is nothing to close, and whatever opens later closes later.
  const closed = open.size === 0 ? [] : await temporal.listClosedSince(sinceMs);
  const areAllClosed = await mendEach(dependencies, closed, (run) => closeOne(dependencies, run, open));
  // By the times that Temporal gave: our own clock may jump, and what closed in between would never be looked at.
  const seenMs = Math.max(sinceMs, ...closed.map(({ closedAtMs }) => closedAtMs - OVERLAP_MS));
  if (areAllClosed && seenMs > sinceMs) await sweeper.writeCursor(database, CURSOR, seenMs);
}

async function closeOne(
  dependencies: SweeperDependencies,
  run: ClosedRun,
  open: ReadonlyMap<string, string | null>,
): Promise<void> {
  // A row without a run waits for its start: the closed one is its predecessor.
  const currentRunId = open.get(run.executionId);
  if (currentRunId === undefined || currentRunId === null) return;
  await closeIfOver(dependencies, run.executionId, currentRunId);
}

async function readOpenRuns({ database }: SweeperDependencies): Promise<ReadonlyMap<string, string | null>> {
  const open = new Map<string, string | null>();
  for (let afterId = ''; ;) {
    const page = await executions.open(database, afterId);
    for (const { executionId, temporalRunId } of page) open.set(executionId, temporalRunId);
    const last = page.at(-1);
    if (last === undefined) return open;
    afterId = last.executionId;
  }
}

/** @param runId - The run that holds the row. When the latest run is over, so is this one. */
async function closeIfOver(
  { database, temporal, logger }: SweeperDependencies,
  executionId: string,
  runId: string,
): Promise<void> {
  const latest = await temporal.describeLatest(executionId);
  const end = latest === undefined ? undefined : endOf(latest);
  if (end === undefined) return;
  const { closed, openJobs } = await executions.closeFromTemporal(database, { executionId, runId, ...end });
  if (!closed) return;
  const jobIds = openJobs.map((job) => job.id);
  logger.warn(
    { executionId, runId, status: latest?.status, jobIds },
    'Closed an execution whose run had ended.',
  );
}

/** Jobs that nobody looks after any more: a worker stops them at their providers and settles what they cost. */
async function settleLeftBehind(dependencies: SweeperDependencies): Promise<void> {
  const { database, temporal, logger } = dependencies;
  await mendEach(dependencies, await executions.unsettled(database), async ({ attempt, ...scope }) => {
    const { executionId } = scope;
    // Noted first: the settling may be over before its start has been answered.
    await executions.settleStarted(database, executionId);
    const isStarted = await temporal.startSettling(scope, attempt).catch(async (error: unknown) => {
      await executions.settleAgainSoon(database, executionId);
      throw error;
    });
    if (!isStarted) return executions.settleAgainSoon(database, executionId);
    logger.info({ executionId, attempt }, 'Jobs that were left behind are being settled.');
  });
}

type RunEnd =
  { readonly status: 'CANCELLED' } | { readonly status: 'FAILED'; readonly failure: ExecutionFailure };

/** @returns undefined for a run that is open, or that ended well and so has written its own end. */
function endOf({ status }: TemporalRun): RunEnd | undefined {
  switch (status) {
    case 'CANCELLED':
      return { status: 'CANCELLED' };
    case 'TERMINATED':
      return failed('run_terminated', 'An operator terminated this run in Temporal. Resume it to go on.');
    case 'TIMED_OUT':
      return failed('run_timed_out', 'Temporal ended this run at its time limit. Resume it to go on.');
    case 'FAILED':
      return failed(
        'internal',
        'The run ended without saying why; its history in Temporal shows it. Resume it to go on.',
      );
    default:
      return undefined;
  }
}

function failed(code: ExecutionFailure['code'], message: string): RunEnd {
  // The run as a whole was ended, so no node is named.
  return { status: 'FAILED', failure: { code, message, nodeId: '', retryable: true, resumable: true } };
}
