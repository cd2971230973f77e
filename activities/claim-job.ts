import { Context } from '@temporalio/activity';
import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import { jobs } from '../store/database/jobs';
import { BudgetReachedError, type OpenedJob, type OpenJobRequest } from '../store/database/jobs/job';
import { failpoint } from '../store/failpoints';
import type { FailureType } from '../workflows/contract';
import { writeFenced } from './fence';
import { LEASE_MS, type ClaimedJob, type JobContext } from './job-context';
import type { QueueOperation, SyncOperation } from './providers/provider';
import { recordedFailure } from './recorded-failure';
import { requestDocument } from './resolve-request';
import { view } from './send-job';
import { StepError } from './to-application-failure';

/** One turn of the drive, all of it part of one transaction with `openJob`. */
interface Turn {
  readonly resubmitUnknown: OpenJobRequest['resubmitUnknown'];
  /** Why a claim would be of no use. */
  readonly obstacle: StepError | undefined;
}

interface Opened {
  readonly opened: OpenedJob;
  readonly claimed?: ClaimedJob;
  /** The intent was given up for the obstacle. */
  readonly isDropped?: boolean;
}

/**
 * Intent and claim in one commit; the node shows who serves it. A job that was sent before is given back as it is.
 *
 * @throws StepError when the price cannot be reserved, when an obstacle forbids a new send, or when this Temporal run
 * has decided before that this candidate failed.
 */
export async function claimJob(
  context: JobContext<SyncOperation | QueueOperation>,
  turn: Turn,
  pastGeneration = 0,
): Promise<Opened> {
  failpoint('intent.before');
  try {
    const opened = await writeFenced(context.deps, context.input, (writer) =>
      writeIntent(context, writer, turn, pastGeneration),
    );
    failpoint('intent.after_commit');
    if (opened.isDropped && turn.obstacle) throw turn.obstacle;
    return opened;
  } catch (error) {
    if (error instanceof BudgetReachedError) throw budgetReached(context, error);
    if (!(error instanceof EarlierFailure)) throw error;
    await assertNotDecided(context, error.generation);
    return claimJob(context, turn, error.generation);
  }
}

/** A definite failure lies before: whether this Temporal run has decided on it already is read outside the transaction. */
class EarlierFailure extends Error {
  constructor(readonly generation: number) {
    super(`Generation ${generation} failed.`);
  }
}

/** After these the workflow itself asks for the same candidate again, in the same Temporal run. */
const ASKED_AGAIN: ReadonlySet<FailureType> = new Set(['CircuitOpen', 'InputUnreachable']);

async function writeIntent(
  context: JobContext<SyncOperation | QueueOperation>,
  writer: ExecutionWriter,
  { resubmitUnknown, obstacle }: Turn,
  pastGeneration: number,
): Promise<Opened> {
  const claimedAtMs = performance.now();
  const opened = await openJob(context, writer, resubmitUnknown);
  const { job, adopted } = opened;
  if (job.generationReason === 'definite_failure' && !adopted && job.generation - 1 > pastGeneration)
    throw new EarlierFailure(job.generation - 1);
  if (job.state === 'SETTLED') return { opened };
  if (job.state === 'INTENT' && obstacle) return dropIntent(writer, opened, obstacle);
  await showRunning(context, writer);
  if (job.state !== 'INTENT') return { opened };
  const { credentialId } = context.session;
  const claim = await writer.claimJob(job.id, { leaseMs: LEASE_MS, credentialId });
  failpoint('intent.before_commit');
  return claim ? { opened, claimed: { job, claim, claimedAtMs } } : { opened };
}

/** Nothing was sent: a new intent is taken back with its transaction, an older one gives its reservation back. */
async function dropIntent(writer: ExecutionWriter, opened: OpenedJob, obstacle: StepError): Promise<Opened> {
  if (!opened.adopted || obstacle.options.retryAfterMs !== undefined) throw obstacle;
  await writer.rejectJob(opened.job.id, null, view(obstacle));
  return { opened, isDropped: true };
}

/**
 * A worker may have died between reporting a job's failure here and to Temporal. Within one Temporal run such a failure
 * is final: the candidate is neither asked nor paid once more. A resume and a reset are runs of their own.
 */
async function assertNotDecided(
  { deps, input, resolved }: JobContext<unknown>,
  generation: number,
): Promise<void> {
  const { provider, model } = resolved.candidate;
  const known = await jobs.ofExecution(deps.database, input.executionId);
  const job = known.find(
    (other) =>
      other.step === input.step &&
      other.provider === provider &&
      other.model === model &&
      other.generation === generation,
  );
  const runId = Context.current().info.workflowExecution?.runId;
  const failure = job && job.temporalRunId === runId ? recordedFailure(job) : undefined;
  if (failure && !ASKED_AGAIN.has(failure.type)) throw failure;
}

function openJob(
  { deps, input, session, operation, resolved }: JobContext<SyncOperation | QueueOperation>,
  writer: ExecutionWriter,
  resubmitUnknown: OpenJobRequest['resubmitUnknown'],
): Promise<OpenedJob> {
  const { step, nodeId, nodeType, fallbackFrom } = input;
  const { provider, model } = resolved.candidate;
  return writer.openJob({
    step,
    nodeId,
    nodeType,
    provider,
    model,
    requestHash: resolved.requestHash,
    request: requestDocument(resolved.input),
    priceCredits: resolved.priceCredits,
    fallbackFrom,
    ...(operation.kind === 'queue' && session.provider.readCallback
      ? { callbackSecret: deps.settings.secret }
      : {}),
    ...(resubmitUnknown ? { resubmitUnknown } : {}),
  });
}

async function showRunning({ input, resolved }: JobContext<unknown>, writer: ExecutionWriter): Promise<void> {
  const { step, nodeId, fallbackFrom } = input;
  const { provider, model } = resolved.candidate;
  await writer.updateNodes([{ nodeId, step, status: 'RUNNING', provider, model, fallbackFrom }]);
}

function budgetReached({ input, resolved }: JobContext<unknown>, error: BudgetReachedError): StepError {
  const { neededCredits, availableCredits, limit } = error;
  const message =
    `Node "${input.nodeId}" needs ${neededCredits} more credits for ${resolved.candidate.provider}:${resolved.candidate.model}, ` +
    `the ${limit} has ${availableCredits} left. Top up or raise budgetCredits, then resume the execution.`;
  return new StepError('BudgetReached', message, { cause: error });
}
