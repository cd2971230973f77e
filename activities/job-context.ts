import { setMaxListeners } from 'node:events';
import type { CandidateDefinition, NodeDefinition } from '../pipeline/node-definition';
import { jobs } from '../store/database/jobs';
import { isUndecided, OPEN_JOB_STATES, type Job, type JobClaim } from '../store/database/jobs/job';
import type { FailureType, JobInput } from '../workflows/contract';
import { chooseSession, type ChosenSession } from './choose-session';
import type { ActivityDependencies } from './dependencies';
import { materialiseInput, type MaterialisedInput } from './materialise-input';
import { createReadText, mediaAccess } from './media-access';
import type { ProviderSession } from './provider-access';
import type { JobHandle, QueueOperation, SyncOperation } from './providers/provider';
import { resolveRequest, type ResolvedRequest } from './resolve-request';
import { StepError } from './to-application-failure';

/** Everything that one job step needs, made before anything is reserved. */
export interface JobContext<Operation> {
  readonly deps: ActivityDependencies;
  readonly input: JobInput;
  readonly session: ProviderSession;
  readonly operation: Operation;
  readonly resolved: ResolvedRequest;
  /** The wire body with its media; may upload them. */
  readonly materialise: () => Promise<MaterialisedInput>;
  /** Statistics and state of the circuit are kept apart by this. */
  readonly breakerKey: string;
  /** Why nothing new can be sent now; it says nothing of a job that was sent before. */
  readonly obstacle?: StepError;
  /** The key under which the job in question was sent is set no more. */
  readonly missingKey?: StepError;
  readonly signal: AbortSignal;
}

/** From the claim to the first byte on the socket; looked at once more just before that byte. */
export const LEASE_MS = 10_000;

export interface ClaimedJob {
  readonly job: Job;
  readonly claim: JobClaim;
  /** Since before the claim: the lease is over after `LEASE_MS` of it at the latest. */
  readonly sinceClaimMs: () => number;
  /** Sent before under the same idempotency key: no answer to this send tells that the first was not accepted. */
  readonly isResend?: boolean;
}

/** Sends are never aborted by a cancellation: an aborted send may have been accepted. They end by their own time limit. */
export const NEVER_ABORTS = new AbortController().signal;
// Every send in flight listens to it; Node would take more than ten for a leak.
setMaxListeners(0, NEVER_ABORTS);

/** @throws StepError before anything is reserved or sent. */
export async function openJobContext<Kind extends 'sync' | 'queue'>(
  deps: ActivityDependencies,
  input: JobInput,
  kind: Kind,
  signal: AbortSignal,
): Promise<JobContext<Extract<SyncOperation | QueueOperation, { kind: Kind }>>> {
  const { resolved, ...chosen } = await resolve(deps, input);
  const { session } = chosen;
  const { candidate, definition } = resolved;
  const operation = findOperation(session, candidate, definition, kind);
  const materialise = (): Promise<MaterialisedInput> =>
    materialiseInput(resolved.input, session.provider, session.call(signal), mediaAccess(deps, input));
  return { deps, input, operation, resolved, materialise, signal, ...chosen };
}

async function resolve(
  deps: ActivityDependencies,
  input: JobInput,
): Promise<ChosenSession & { readonly resolved: ResolvedRequest }> {
  try {
    const resolved = await resolveRequest(input, createReadText(deps, input.accountId));
    return { resolved, ...(await chooseSession(deps, input)) };
  } catch (error) {
    if (!(error instanceof StepError) || !isOursAlone(error.type) || !(await isUnderWay(deps, input)))
      throw error;
    const message = `${error.message} A job of node "${input.nodeId}" may be under way there already, so no other provider is asked. Mend this, then resume the execution.`;
    throw new StepError('SubmissionUnknown', message, { provider: error.options.provider, cause: error });
  }
}

/** Opened before the user resumed the execution. */
export function isOfThePast(job: Job, { resumedAtMs }: Pick<JobInput, 'resumedAtMs'>): boolean {
  return resumedAtMs !== undefined && job.createdAt.getTime() < resumedAtMs;
}

/** Says that we cannot talk to the provider now, not that the request is wrong. */
function isOursAlone(type: FailureType): boolean {
  return type === 'ProviderAuthenticationFailed' || type === 'ModelGone';
}

async function isUnderWay({ database }: ActivityDependencies, input: JobInput): Promise<boolean> {
  const { provider, model } = input.candidate;
  const known = await jobs.ofExecution(database, input.executionId);
  return known.some(
    (job) => job.step === input.step && job.provider === provider && job.model === model && mayBePaid(job),
  );
}

function mayBePaid(job: Job): boolean {
  if (job.state === 'INTENT') return false;
  return OPEN_JOB_STATES.some((state) => state === job.state) || isUndecided(job);
}

/** @throws StepError when catalog and provider do not fit together. */
export function findOperation<Kind extends 'sync' | 'queue'>(
  session: ProviderSession,
  candidate: CandidateDefinition,
  definition: NodeDefinition,
  kind: Kind,
): Extract<SyncOperation | QueueOperation, { kind: Kind }> {
  const operation = session.provider.operations[candidate.operation];
  if (operation && isKind(operation, kind)) return operation;
  const message = `${definition.type} names the ${kind} operation "${candidate.operation}", which ${session.provider.id} does not have in this release.`;
  throw new StepError('Internal', message, { provider: session.provider.id });
}

function isKind<Kind extends 'sync' | 'queue'>(
  operation: SyncOperation | QueueOperation,
  kind: Kind,
): operation is Extract<SyncOperation | QueueOperation, { kind: Kind }> {
  return operation.kind === kind;
}

/** What finds an accepted job again at its provider. */
export function handleOf(job: Job): JobHandle | undefined {
  const providerJobId = job.providerHandle?.providerJobId;
  return typeof providerJobId === 'string' ? { ...job.providerHandle, providerJobId } : undefined;
}
