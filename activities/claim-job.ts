import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import { jobs } from '../store/database/jobs';
import {
  BudgetReachedError,
  EarlierFailureError,
  type ClaimedIntent,
  type OpenedJob,
  type OpenJobRequest,
} from '../store/database/jobs/job';
import { failpoint } from '../store/failpoints';
import type { FailureType } from '../workflows/contract';
import { fencedTogether, writeFenced } from './fence';
import { isOfThePast, LEASE_MS, type ClaimedJob, type JobContext } from './job-context';
import type { QueueOperation, SyncOperation } from './providers/provider';
import { recordedFailure } from './recorded-failure';
import { requestDocument } from './resolve-request';
import { view } from './send-job';
import { startStopwatch } from './stopwatch';
import { StepError } from './to-application-failure';
import { Together } from './together';
import { untilRecorded } from './until-recorded';

/** One turn of the drive, all of it part of one transaction with `openJob`. */
interface Turn {
  readonly resubmitUnknown: OpenJobRequest['resubmitUnknown'];
  /** Why a claim would be of no use. */
  readonly obstacle: StepError | undefined;
}

interface Opened {
  readonly opened: OpenedJob;
  readonly claimed?: ClaimedJob;
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
  const { obstacle } = turn;
  failpoint('intent.before');
  try {
    return await (obstacle
      ? openBlocked(context, turn.resubmitUnknown, obstacle, pastGeneration)
      : openAndClaim(context, turn.resubmitUnknown, pastGeneration));
  } catch (error) {
    if (error instanceof BudgetReachedError) throw budgetReached(context, error);
    if (!(error instanceof EarlierFailureError)) throw error;
    await assertNotDecided(context, error.generation);
    return claimJob(context, turn, error.generation);
  }
}

const intents = new Together(jobs.writeIntents);

const OBSTACLE_RETRY_MS = 5_000;

/** After these the workflow itself asks for the same candidate again, in the same Temporal run. */
const ASKED_AGAIN: ReadonlySet<FailureType> = new Set(['CircuitOpen', 'InputUnreachable']);

async function openAndClaim(
  context: JobContext<SyncOperation | QueueOperation>,
  resubmitUnknown: OpenJobRequest['resubmitUnknown'],
  pastGeneration: number,
): Promise<Opened> {
  const { deps, input, session } = context;
  const sinceClaimMs = startStopwatch();
  const request = openJobRequest(context, resubmitUnknown);
  const { credentialId } = session;
  const claim = { token: randomUUID(), pastGeneration, leaseMs: LEASE_MS, credentialId };
  const write = async (): Promise<ClaimedIntent> => {
    const written = await fencedTogether(deps, input, intents, { request, claim });
    failpoint('intent.after_commit');
    return written;
  };
  // A claim whose reply is lost would be a stranger's to the next attempt: only its token tells that it is ours.
  const { claim: won, ...opened } = await untilRecorded(deps, write, LEASE_MS / 2);
  return won ? { opened, claimed: { job: opened.job, claim: won, sinceClaimMs } } : { opened };
}

/** Nothing new may be sent for now: only a job that was sent before is of any use. */
async function openBlocked(
  context: JobContext<SyncOperation | QueueOperation>,
  resubmitUnknown: OpenJobRequest['resubmitUnknown'],
  obstacle: StepError,
  pastGeneration: number,
): Promise<Opened> {
  const { opened, isDropped } = await writeFenced(context.deps, context.input, async (writer) => {
    const known = await writer.openJob(openJobRequest(context, resubmitUnknown));
    const { job, adopted } = known;
    const failedGeneration = job.generation - 1;
    if (job.generationReason === 'definite_failure' && !adopted && failedGeneration > pastGeneration)
      throw new EarlierFailureError(failedGeneration);
    if (job.state === 'INTENT') await dropIntent(writer, known, obstacle);
    else if (job.state !== 'SETTLED') await showRunning(context, writer);
    return { opened: known, isDropped: job.state === 'INTENT' };
  });
  if (isDropped) throw obstacle;
  return { opened };
}

/** Nothing was sent: a new intent is taken back with its transaction, an older one gives its reservation back. */
async function dropIntent(writer: ExecutionWriter, opened: OpenedJob, obstacle: StepError): Promise<void> {
  if (opened.job.possibleDuplicate) throw waitsFor(obstacle);
  if (!opened.adopted || obstacle.options.retryAfterMs !== undefined) throw obstacle;
  await writer.rejectJob(opened.job.id, null, view(obstacle));
}

/** The job before it may be paid: no other candidate may be asked, so this one waits until it can be sent. */
function waitsFor({ message, options }: StepError): StepError {
  const { provider, retryAfterMs = OBSTACLE_RETRY_MS } = options;
  return new StepError('SubmissionUnknown', message, { provider, retryAfterMs });
}

/**
 * A worker may have died between reporting a job's failure here and to Temporal. Within one Temporal run such a failure
 * is final: the candidate is neither asked nor paid once more. A resume and a reset begin anew.
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
  const failure =
    job && job.temporalRunId === runId && !isOfThePast(job, input) ? recordedFailure(job) : undefined;
  if (failure && !ASKED_AGAIN.has(failure.type)) throw failure;
}

function openJobRequest(
  { deps, input, session, operation, resolved }: JobContext<SyncOperation | QueueOperation>,
  resubmitUnknown: OpenJobRequest['resubmitUnknown'],
): OpenJobRequest {
  const { step, nodeId, nodeType, fallbackFrom } = input;
  const { provider, model } = resolved.candidate;
  const hasCallback = operation.kind === 'queue' && session.provider.readCallback !== undefined;
  return {
    step,
    nodeId,
    nodeType,
    provider,
    model,
    requestHash: resolved.requestHash,
    nodeKey: input.nodeKey,
    changeNumber: input.change?.number ?? 0,
    request: requestDocument(resolved.input),
    priceCredits: resolved.priceCredits,
    fallbackFrom,
    ...(hasCallback ? { callbackSecret: deps.settings.secret } : {}),
    ...(resubmitUnknown ? { resubmitUnknown } : {}),
  };
}

async function showRunning({ input, resolved }: JobContext<unknown>, writer: ExecutionWriter): Promise<void> {
  const { step, nodeId, fallbackFrom } = input;
  const { provider, model } = resolved.candidate;
  await writer.updateNodes([{ nodeId, step, status: 'RUNNING', provider, model, fallbackFrom }]);
}

const WAYS_OUT: Readonly<Record<BudgetReachedError['limit'], string>> = {
  budget: 'Resume the execution with a higher budgetCredits.',
  balance: 'Top up, then resume the execution.',
};

function budgetReached({ input, resolved }: JobContext<unknown>, error: BudgetReachedError): StepError {
  const { neededCredits, availableCredits, limit } = error;
  const message =
    `Node "${input.nodeId}" needs ${neededCredits} more credits for ${resolved.candidate.provider}:${resolved.candidate.model}, ` +
    `the ${limit} has ${availableCredits} left. ${WAYS_OUT[limit]}`;
  return new StepError('BudgetReached', message, { cause: error });
}
