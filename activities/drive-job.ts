import type { ExecutionWriter } from '../store/database/executions/execution-writer';
import { BudgetReachedError, type Job, type JobClaim, type OpenedJob } from '../store/database/jobs/job';
import { CircuitOpenError } from './circuit-breakers';
import { writeFenced } from './fence';
import { circuitOpen, handleOf, LEASE_MS, type ClaimedJob, type JobContext } from './job-context';
import type { QueueOperation, SyncOperation } from './providers/provider';
import { requestDocument } from './resolve-request';
import { sendJob, type SendMethod } from './send-job';
import { StepError } from './to-application-failure';
import { resolveUnknownFate } from './unknown-fate';

export type DrivenJob<T> =
  /** Sent by this call; `value` is the provider's answer, not yet recorded. */
  | {
      readonly kind: 'sent';
      readonly job: Job;
      readonly claim: JobClaim;
      readonly value: T;
      readonly startedAt: Date;
      readonly latencyMs: number;
    }
  /** ACCEPTED, STORED or SETTLED before: adopted. */
  | { readonly kind: 'happened'; readonly job: Job };

/**
 * Brings a job to the point where its fate is known, sending it at most once (SPEC §6).
 *
 * The intent row reserves the price and is committed with its claim before anything is sent; only the one winner of the
 * claim sends. A job that somebody sent before is adopted; one of unknown fate is found, or waited for, or given up.
 */
export async function driveJob<T>(
  context: JobContext<SyncOperation | QueueOperation>,
  send: SendMethod<T>,
): Promise<DrivenJob<T>> {
  assertCircuitClosed(context);
  let resubmitUnknown: 'policy' | undefined;
  for (;;) {
    const { opened, claimed } = await openAndClaim(context, resubmitUnknown);
    resubmitUnknown = undefined;
    await cancelSuperseded(context, opened);
    const fate = claimed ? ({ kind: 'claimed', claimed } as const) : await fateOf(context, opened.job);
    if (fate.kind === 'happened') return fate;
    if (fate.kind === 'resubmit') resubmitUnknown = 'policy';
    if (fate.kind !== 'claimed') continue;
    const sent = await sendJob(context, fate.claimed, send);
    if (sent) return { kind: 'sent', ...fate.claimed, ...sent };
  }
}

async function fateOf(
  context: JobContext<SyncOperation | QueueOperation>,
  job: Job,
): ReturnType<typeof resolveUnknownFate> {
  if (job.state === 'ACCEPTED' || job.state === 'STORED' || job.state === 'SETTLED')
    return { kind: 'happened', job };
  return resolveUnknownFate(context, job);
}

/** Intent and claim in one commit; the node shows who serves it. */
async function openAndClaim(
  context: JobContext<SyncOperation | QueueOperation>,
  resubmitUnknown: 'policy' | undefined,
): Promise<{ opened: OpenedJob; claimed?: ClaimedJob }> {
  const { deps, input, session } = context;
  const claimedAtMs = performance.now();
  try {
    return await writeFenced(deps, input, async (writer) => {
      const opened = await openJob(context, writer, resubmitUnknown);
      const { job } = opened;
      if (job.state === 'SETTLED') return { opened };
      await showRunning(context, writer);
      if (job.state !== 'INTENT') return { opened };
      const claim = await writer.claimJob(job.id, { leaseMs: LEASE_MS, credentialId: session.credentialId });
      return claim ? { opened, claimed: { job, claim, claimedAtMs } } : { opened };
    });
  } catch (error) {
    throw error instanceof BudgetReachedError ? budgetReached(context, error) : error;
  }
}

function openJob(
  { deps, input, session, operation, resolved }: JobContext<SyncOperation | QueueOperation>,
  writer: ExecutionWriter,
  resubmitUnknown: 'policy' | undefined,
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

/** Jobs of an earlier request of this step cost on at their provider: they are told to stop, as far as that goes. */
async function cancelSuperseded(
  { session, operation, signal }: JobContext<SyncOperation | QueueOperation>,
  opened: OpenedJob,
): Promise<void> {
  if (operation.kind !== 'queue' || !operation.cancel) return;
  for (const job of opened.superseded) {
    const handle = handleOf(job);
    if (handle) await operation.cancel(handle, session.call(signal)).catch(() => undefined);
  }
}

function assertCircuitClosed({ deps, breakerKey, resolved }: JobContext<unknown>): void {
  try {
    deps.breakers.assertClosed(breakerKey);
  } catch (error) {
    throw error instanceof CircuitOpenError ? circuitOpen(resolved.candidate.provider, error) : error;
  }
}

function budgetReached({ input, resolved }: JobContext<unknown>, error: BudgetReachedError): StepError {
  const { neededCredits, availableCredits, limit } = error;
  const message =
    `Node "${input.nodeId}" needs ${neededCredits} more credits for ${resolved.candidate.provider}:${resolved.candidate.model}, ` +
    `the ${limit} has ${availableCredits} left. Top up or raise budgetCredits, then resume the execution.`;
  return new StepError('BudgetReached', message, { cause: error });
}
