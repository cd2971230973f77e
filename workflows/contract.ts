/**
 * Names and shapes that the API, the workflows, the activities and the store share. Imports nothing.
 *
 * Glossary (one word per idea, in code, API, docs and UI):
 * - pipeline graph: nodes + edges as posted; workflow: a saved graph with versions.
 * - execution: one run of a graph. Its id is the suffix of the Temporal workflow id; a resume is a new Temporal run of it.
 * - node, edge, port (handle), node type: the words of React Flow.
 * - plan: the compiled graph that Temporal gets.
 * - candidate: provider + model able to serve a node type, in order of preference.
 * - step: a node in one place of a run: `n7`, inside groups with its iteration path `n7.2.13`, in a sub-pipeline `sub/n3`.
 * - group: a node with a body of other nodes (map, refine, a workflow as a node); iteration: one run of the body.
 * - job: one paid call at a provider, keyed `execution/step/candidate/generation`.
 * - asset: stored bytes. Credit: US$0.001, an integer. Mode: live or test. Account: tenant.
 * - Trap: Temporal's `runId` names one Temporal run; an execution may have several of them.
 */

export const EXECUTION_WORKFLOW_TYPE = 'runExecution';
export const SETTLE_WORKFLOW_TYPE = 'settleExecution';
export const DELIVER_WORKFLOW_TYPE = 'deliverWebhook';
export const SCHEDULED_WORKFLOW_TYPE = 'startScheduled';

/** The node of a batch that stands for all its items; no posted node can have such an id. */
export const ITEMS_NODE_ID = '$items';

/** Temporal workflow id of an execution. */
export function executionWorkflowId(executionId: string): string {
  return `execution-${executionId}`;
}

/** Temporal workflow id of what settles the jobs that an attempt of an execution has left behind. */
export function settleWorkflowId(executionId: string, attempt: number): string {
  return `settle-${executionId}-${attempt}`;
}

/** Temporal workflow id of one round of a delivery. */
export function deliveryWorkflowId({ deliveryId, round }: DeliveryInput): string {
  return `deliver-${deliveryId}-${round}`;
}

/** Id of a schedule of ours in Temporal. */
export function scheduleIdInTemporal(scheduleId: string): string {
  return `schedule-${scheduleId}`;
}

/** Temporal workflow id of what a schedule starts, to which Temporal adds the time. */
export function scheduledWorkflowId(scheduleId: string): string {
  return `scheduled-${scheduleId}`;
}

/** Task queue of workflows, of `awaitJob` and of everything that is not limited by a provider. */
export const DEFAULT_TASK_QUEUE = 'everframe';

/** Task queue of the sends to one provider: what is limited there is limited for the whole fleet. */
export function providerTaskQueue(taskQueue: string, provider: string): string {
  return `${taskQueue}-${provider}`;
}

/** Task queue of local image and video work. */
export function mediaTaskQueue(taskQueue: string): string {
  return `${taskQueue}-media`;
}

/** Search attributes, registered at bring-up: name and Temporal type. */
export const SEARCH_ATTRIBUTES = {
  EverframeStatus: 'Keyword',
  AccountId: 'Keyword',
  WorkflowName: 'Keyword',
  FailedNode: 'Keyword',
  Providers: 'KeywordList',
  CreditsCharged: 'Int',
} as const;

export type Mode = 'live' | 'test';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Node of a step: `sub.2/n3.1` is the node `sub/n3`. Ids of nodes hold neither dots nor slashes. */
export function nodeIdOfStep(step: string): string {
  return step.replaceAll(/[.][0-9]+/g, '');
}

export type PortType = 'text' | 'number' | 'boolean' | 'json' | 'image' | 'video' | 'audio' | 'file';

/** Reference to stored bytes; all that ever travels through Temporal in place of media or of text over 8 KB. */
export interface AssetReference {
  readonly type: 'text' | 'json' | 'image' | 'video' | 'audio' | 'file';
  /** `ast_…`; valid for one account only. */
  readonly assetId: string;
  readonly mimeType: string;
  readonly bytes: number;
  /** Hex digest of the bytes. */
  readonly sha256: string;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly durationSeconds?: number;
}

/** What flows along an edge: a short JSON value, a reference, or (at a `many` port) a list of those in edge order. */
export type PortValue = JsonValue | AssetReference | readonly (JsonValue | AssetReference)[];

/** Values by output port. */
export type NodeOutputs = Readonly<Record<string, PortValue>>;

/** Values by input port, connected ones only. */
export type NodeInputs = Readonly<Record<string, PortValue>>;

/** Longest text or JSON that stays inline, bytes of UTF-8; longer becomes an asset. */
export const INLINE_VALUE_BYTES_MAX = 8_192;

// ---------------------------------------------------------------- plan

/**
 * - 1: nodes and edges
 * - 2: branches, groups, waits
 * - 3: the same meaning in other commands: steps carry the states of nodes without activities
 */
export type InterpreterVersion = (typeof INTERPRETER_VERSIONS)[number];

export const INTERPRETER_VERSIONS = [1, 2, 3] as const;

/** Of new plans; those of runs under way stay as they are, since their histories must replay. */
export const INTERPRETER_VERSION: InterpreterVersion = 3;

/** The compiled graph: plain JSON, in posted order, at most 1 MB. */
export interface Plan {
  /** Version of the interpreter's meaning; a worker refuses a plan that it does not know. */
  readonly interpreter: InterpreterVersion;
  readonly nodes: readonly PlanNode[];
}

export interface PlanNode {
  readonly id: string;
  readonly label: string;
  readonly nodeType: string;
  readonly nodeTypeVersion: number;
  readonly work: NodeWork;
  readonly inputs: readonly PlanInput[];
  /** Validated config; places that depend on other nodes are filled by `templates`. */
  readonly config: JsonObject;
  readonly templates: readonly PlanTemplate[];
  /** Ids of the nodes that this one waits for: sources of `inputs` and of `templates`, without repeats. */
  readonly dependsOn: readonly string[];
  /** Hex digest of what decides the result (SPEC §6); computed by the API, compared on resume. */
  readonly nodeKey: string;
  /** What its failure means: the run fails, goes on without it, or waits with it until it is resumed. */
  readonly onError: 'fail' | 'continue' | 'hold';
  /** Bounds the whole job at a provider or the local work. */
  readonly timeoutSeconds: number;
  /** Attempts per candidate, 1–10; `retry.maximumAttempts` of the node, 3 unless given. */
  readonly attemptsMax: number;
  /** Used once each, in order; `retry.changes` of the node. Only nodes served by providers have them. */
  readonly changes?: readonly PlanChange[];
  /** A result of the same request from any execution of the account and mode will do. */
  readonly cache?: 'workspace';
  /** Of a group: what it runs once per iteration. */
  readonly body?: PlanBody;
}

/** The nodes of a group, in posted order; their ids are unique in the whole plan. */
export interface PlanBody {
  /** `dependsOn` of each names members only: what comes from outside of the group is there when it begins. */
  readonly nodes: readonly PlanNode[];
  /** What members bring to the inner ports of the group. */
  readonly inputs: readonly PlanInput[];
  /** What members take from outside of the group. */
  readonly captures: readonly PlanInput[];
  /** `iteration`: steps end in the iteration's number, `n7.2`; `path`: the group runs once, its steps are `sub/n3`. */
  readonly naming: 'iteration' | 'path';
  /** Of a group that runs once: what it gives at ports where nothing has come. */
  readonly defaults?: NodeOutputs;
  /** Iterations that a run makes; what is known of them before it. */
  readonly iterations: { readonly min: number; readonly max: number };
  /** An iteration is given something of what those before it have brought back. */
  readonly isSequence?: true;
  /** Hex digest of what decides what the group gives to its members: part of their keys. */
  readonly givenKey: string;
}

/** Another try of a node after a failure of one of these codes, with parts of its config, or its model, changed. */
export interface PlanChange {
  readonly on: readonly FailureCode[];
  /** The whole config of this try, validated. */
  readonly config: JsonObject;
  readonly templates: readonly PlanTemplate[];
  readonly candidates: readonly Candidate[];
  /** Input ports whose edges give way to the changed config. */
  readonly replacedInputs: readonly string[];
}

export type NodeWork =
  /** The value is known when the run starts (`input:*`). */
  | { readonly kind: 'value'; readonly outputs: NodeOutputs }
  /** A URL given by the user becomes an asset. */
  | {
      readonly kind: 'import';
      readonly port: string;
      readonly mediaType: AssetReference['type'];
      readonly url: string;
    }
  /** A named function of pipeline/pure, run inside the workflow. */
  | {
      readonly kind: 'pure';
      readonly function: string;
      /** References to stored text are passed on as they are, not read. */
      readonly passesReferences?: true;
    }
  /** A group: the named function of pipeline/pure decides which iterations of the body run, and what comes of them. */
  | { readonly kind: 'group'; readonly control: string }
  /** Waits, without holding anything but its place. */
  | { readonly kind: 'delay' }
  /** Waits for a person. */
  | { readonly kind: 'review' }
  /** All items of a batch, each an execution of its own. */
  | { readonly kind: 'items' }
  /** Takes a result elsewhere: to a bucket, to a URL. */
  | { readonly kind: 'deliver' }
  /** Local image or video work in a child process. */
  | { readonly kind: 'media' }
  /** A job at the first candidate that accepts it. */
  | { readonly kind: 'provider'; readonly candidates: readonly Candidate[] };

export interface Candidate {
  readonly provider: string;
  readonly model: string;
  /** `sync`: the answer is the result. `queue`: submit, then await. */
  readonly execution: 'sync' | 'queue';
  /** Highest price that this candidate may charge for this node, credits. */
  readonly priceCredits: number;
}

/** `provider:model`, as in job keys, activity ids and `data.providers`. */
export function candidateKey(candidate: Pick<Candidate, 'provider' | 'model'>): string {
  return `${candidate.provider}:${candidate.model}`;
}

export interface PlanInput {
  readonly port: string;
  readonly many: boolean;
  /** A member's input may name its group: the group then gives what it gives to this iteration. */
  readonly sourceNodeId: string;
  readonly sourcePort: string;
  /**
   * What follows when its source gives nothing, being skipped or having taken another way. Absent: the node is skipped.
   * `others`: another edge of the port must bring a value. `none`: the port may stay empty.
   */
  readonly whenMissing?: 'others' | 'none';
  /** The source gives a list, of which each element counts as a value of this `many` port. */
  readonly spread?: true;
  /** A value that is missing is null at this `many` port, so that the others keep their places. */
  readonly keepsPlace?: true;
}

/** One place of a config that is filled when its nodes are done. A single reference part keeps the value's type. */
export interface PlanTemplate {
  /** Where in the config, object keys and array indexes as strings. */
  readonly path: readonly string[];
  readonly parts: readonly TemplatePart[];
}

export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'reference';
      readonly nodeId: string;
      readonly port: string;
      readonly path: readonly string[];
    };

// ---------------------------------------------------------------- workflow input

export interface ExecutionInput {
  readonly executionId: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly workflowName: string;
  readonly plan: Plan;
  /** Finished results of earlier Temporal runs that are not computed again. */
  readonly carried: readonly CarriedNode[];
  /** Set when this Temporal run continues another one as new, so that the fence does not count an attempt. */
  readonly continuedFromRunId?: string;
  readonly resubmitUnknown?: boolean;
  /** As in `ExecutionScope`. */
  readonly resumedAtMs?: number;
  /** `resumeNumber` of the last resume that the continued run has taken. */
  readonly resumesTaken?: number;
  /** Hands over to a run that continues this one once its history has so many events; when Temporal suggests it, unless given. */
  readonly handOverAfterEvents?: number;
  /** Stop starting nodes at the first failure instead of finishing independent branches. */
  readonly failFast: boolean;
  /** The batch that it is an item of. */
  readonly batchId?: string;
}

/** What a batch starts an item with: the rest lies in the database, and would weigh on the history of the batch. */
export type ItemInput = Omit<ExecutionInput, 'plan' | 'carried' | 'batchId'> & { readonly batchId: string };

/** That rest. */
export type ItemDocuments = Pick<ExecutionInput, 'plan' | 'carried' | 'resubmitUnknown' | 'resumedAtMs'>;

export interface CarriedNode {
  /** The step: the name is older than groups. */
  readonly nodeId: string;
  /** `WAITING`: only in a run that continues another one as new, and of a delay that has begun. */
  readonly status: 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'WAITING';
  readonly outputs: NodeOutputs;
  readonly error?: FailureView;
  /** Its row is not written yet; only in a run that continues another one as new, as what follows. */
  readonly unrecorded?: boolean;
  readonly credits?: number;
  readonly attempts?: number;
  /** `provider:model`. */
  readonly servedBy?: string;
  /** Of a delay or a review: when it is over, milliseconds since 1970. */
  readonly dueAtMs?: number;
  /** Of a delay that another run has begun: since when it counts; with the status `WAITING`. */
  readonly beganAtMs?: number;
}

// ---------------------------------------------------------------- signals

/** Tells a waiting run to go on; see `ResumeSignal`. */
export const RESUME_SIGNAL = 'resume';

export interface ResumeSignal {
  /** 1 for the first resume of a Temporal run, then 2, 3, …: a number that was taken before changes nothing. */
  readonly resumeNumber: number;
  readonly resumedAtMs: number;
  readonly resubmitUnknown: boolean;
}

/** Tells a waiting run to end: the execution goes on in another Temporal run, with an edited graph. No arguments. */
export const SUPERSEDE_SIGNAL = 'supersede';

/**
 * Tells a run to start nothing more and, once what is in flight has ended, to end: the execution goes on in another Temporal
 * run, with another version of its workflow. One that has failed, or is done, ends as ever. No arguments.
 */
export const DRAIN_SIGNAL = 'drain';

/** Tells a run that a review of this step was decided; the decision itself is in the database. */
export const REVIEW_SIGNAL = 'review';

/** Tells a batch that an item of it has changed which it does not follow itself: worth a look. No arguments. */
export const ITEMS_SIGNAL = 'items';

export interface ReviewSignal {
  readonly step: string;
}

// ---------------------------------------------------------------- activities

/** Which execution an activity writes for. */
export interface ExecutionScope {
  readonly executionId: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly continuedFromRunId?: string;
  /** The user's word: jobs whose fate was unknown at `resumedAtMs` are sent again. */
  readonly resubmitUnknown?: boolean;
  /**
   * When the user resumed this run while it waited, or gave the word that it began with; by the database's clock. Jobs
   * opened before it are of the past, as if an earlier run had left them.
   */
  readonly resumedAtMs?: number;
}

export interface StepInput extends ExecutionScope {
  /** Place in the run; at most 200 characters. */
  readonly step: string;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly nodeTypeVersion: number;
  readonly nodeKey: string;
  readonly config: JsonObject;
  /** Templates that need stored text; empty where the workflow filled everything. */
  readonly texts: readonly PendingText[];
  readonly inputs: NodeInputs;
  readonly timeoutSeconds: number;
  /** Attempts that are the step's own; killed workers and a database that is away do not count. */
  readonly attemptsMax: number;
  readonly cache?: 'workspace';
  /** The whole state vector of nodes without activities, which is shown as this step begins. */
  readonly news?: readonly NodeProgress[];
}

/** A config place whose text is joined by the activity since a part of it lies in the asset store. */
export interface PendingText {
  readonly path: readonly string[];
  readonly parts: readonly (string | AssetReference)[];
}

export interface JobInput extends StepInput {
  readonly candidate: Candidate;
  /** Candidates that failed before this one, `provider:model`. */
  readonly fallbackFrom: readonly string[];
  /** Which of the node's changes it is sent with (0: none), of how many. */
  readonly change?: { readonly number: number; readonly of: number };
}

export interface AwaitJobInput extends ExecutionScope {
  readonly jobId: string;
  readonly step: string;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly candidate: Candidate;
  readonly timeoutSeconds: number;
}

export interface StepResult {
  readonly outputs: NodeOutputs;
  /** Charged for this step, credits. */
  readonly credits: number;
  /** Sends made so far for the node. */
  readonly attempts: number;
  readonly cached: boolean;
}

export type SubmitJobResult =
  | { readonly status: 'accepted'; readonly jobId: string; readonly attempts: number }
  /** The job was done already (adopted), nothing is to be awaited. */
  | { readonly status: 'completed'; readonly result: StepResult }
  | LaterChange;

/** An earlier Temporal run has come to this change, whose job is under way or done: the node goes on from there. */
export interface LaterChange {
  readonly status: 'changed';
  readonly changeNumber: number;
}

export type AwaitJobResult =
  | { readonly status: 'completed'; readonly result: StepResult }
  /** A callback came in: look again. */
  | { readonly status: 'notified' };

/** One node that needed no activity of its own, or that ended without one. */
export interface NodeProgress {
  readonly nodeId: string;
  /** The node id unless given. */
  readonly step?: string;
  readonly status: 'RUNNING' | 'WAITING' | 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED';
  readonly outputs?: NodeOutputs;
  readonly error?: FailureView;
}

export interface RecordProgressInput extends ExecutionScope {
  /** The whole state vector of such nodes, in plan order. */
  readonly nodes: readonly NodeProgress[];
}

/** Set: the batch that is told, since it does not see the change by itself. */
export interface TellsBatch {
  readonly tellBatchId?: string;
}

export interface PauseExecutionInput extends ExecutionScope, TellsBatch {
  readonly nodes: readonly NodeProgress[];
  /** Of the first waiting node in plan order; absent when the run waits for reviews alone. */
  readonly failure?: ExecutionFailure;
  /** `resumeNumber` of the last resume that this run has taken, 0 before the first: a newer one in the row is on its way. */
  readonly resumesTaken: number;
}

export interface DrainExecutionInput extends ExecutionScope {
  readonly nodes: readonly NodeProgress[];
}

/** What a person is asked, and what is to be judged. */
export interface OpenReviewInput extends ExecutionScope {
  readonly step: string;
  readonly nodeId: string;
  readonly nodeKey: string;
  readonly label: string;
  readonly title: string;
  readonly instructions: string;
  readonly value: PortValue;
  /** From the first call on; nobody is waited for longer. */
  readonly timeoutSeconds?: number;
}

export type ReviewDecision = 'approve' | 'reject' | 'replace' | 'timed_out';

export type ReviewAnswer =
  | {
      readonly status: 'open';
      /** Until it times out. */
      readonly remainingMs?: number;
    }
  | {
      readonly status: 'decided';
      readonly decision: ReviewDecision;
      readonly comment: string;
      /** What goes on: the value, or what has taken its place. */
      readonly value: PortValue;
    };

export interface FinishExecutionInput extends ExecutionScope, TellsBatch {
  readonly status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
  readonly nodes: readonly NodeProgress[];
  readonly failure?: ExecutionFailure;
}

/** One item that is to be started in Temporal. */
export interface ItemToStart {
  /** From 0. */
  readonly index: number;
  readonly executionId: string;
  /** 1, and one more for each time that it is tried again. */
  readonly attempt: number;
}

/** How the items of a batch stand. */
export interface ItemsLook {
  /** Opened, and Temporal has none of them yet. */
  readonly start: readonly ItemToStart[];
  /** Opened and not over. */
  readonly open: number;
  /** Until the next one that failed is to be tried again by itself. */
  readonly nextInMs?: number;
  /** Nothing runs, and nothing can be opened: for lack of credits, or since all that are open wait. */
  readonly waits?: { readonly failure?: ExecutionFailure };
  /** Nothing is left to do. */
  readonly end?: { readonly failure?: Pick<FailureView, 'message'> };
  /** So many ends are worth another look. */
  readonly group: number;
}

export interface FinishExecutionResult {
  readonly creditsCharged: number;
}

/** Why one node failed. */
export interface FailureView {
  readonly code: FailureCode;
  /** What happened, to which input, what to do: for the caller, no secrets, no provider body. */
  readonly message: string;
  readonly provider?: string;
  readonly retryable: boolean;
  /** Of a node that runs at providers: each candidate that was asked in the last round, in order, with its own reason. */
  readonly candidates?: readonly CandidateFailure[];
}

/** Why one candidate did not serve a node. */
export interface CandidateFailure {
  readonly provider: string;
  readonly model: string;
  readonly code: FailureCode;
  readonly message: string;
  readonly retryable: boolean;
}

export interface ExecutionFailure extends FailureView {
  readonly nodeId: string;
  readonly resumable: boolean;
}

/** A message to the outside, and which time it is delivered: 1, raised by each redelivery. */
export interface DeliveryInput {
  readonly deliveryId: string;
  readonly round: number;
}

export type SendDeliveryResult =
  /** Delivered, given up, or not wanted any more. */
  { readonly status: 'ended' } | { readonly status: 'again'; readonly afterMs: number };

export interface ScheduledInput {
  readonly scheduleId: string;
}

/** One time of a schedule: the time that was meant, ISO 8601. */
export interface FireInput extends ScheduledInput {
  readonly scheduledAt: string;
}

/** Everything the workflow may call; implemented by `createActivities`. */
export interface Activities {
  readonly submitJob: (input: JobInput) => Promise<SubmitJobResult>;
  readonly awaitJob: (input: AwaitJobInput) => Promise<AwaitJobResult>;
  readonly callProvider: (input: JobInput) => Promise<StepResult | LaterChange>;
  readonly runMedia: (input: StepInput) => Promise<StepResult>;
  readonly runPure: (input: StepInput & { readonly function: string }) => Promise<StepResult>;
  readonly importAsset: (
    input: StepInput & {
      readonly url: string;
      readonly port: string;
      readonly mediaType: AssetReference['type'];
    },
  ) => Promise<StepResult>;
  readonly deliverOutput: (input: StepInput) => Promise<StepResult>;
  readonly cancelJobs: (input: ExecutionScope) => Promise<void>;
  readonly settleJobs: (input: ExecutionScope) => Promise<void>;
  readonly followFire: (fire: FireInput) => Promise<void>;
  readonly cancelFire: (fire: FireInput) => Promise<void>;
  /** @param input.attempt - 1, 2, … in the round. */
  readonly sendDelivery: (input: DeliveryInput & { readonly attempt: number }) => Promise<SendDeliveryResult>;
}

/** Short writes to our own database, run as local activities. */
export interface LocalActivities {
  readonly recordProgress: (input: RecordProgressInput) => Promise<void>;
  readonly pauseExecution: (input: PauseExecutionInput) => Promise<void>;
  /** Shows that the run writes nothing more, so that another one may take its place. */
  readonly drainExecution: (input: DrainExecutionInput) => Promise<void>;
  /** Asks for a decision, or for what it was; a repeat asks nobody again. Times it out when its time is over. */
  readonly openReview: (input: OpenReviewInput) => Promise<ReviewAnswer>;
  /** Shows that a run which waited goes on, not by a resume. */
  readonly continueExecution: (input: ExecutionScope & TellsBatch) => Promise<void>;
  /** Opens items of a batch as far as places and credits allow; a repeat opens none twice. */
  readonly openItems: (input: ExecutionScope) => Promise<ItemsLook>;
  readonly loadItem: (input: Pick<ExecutionScope, 'executionId'>) => Promise<ItemDocuments>;
  readonly finishExecution: (input: FinishExecutionInput) => Promise<FinishExecutionResult>;
}

// ---------------------------------------------------------------- failures

/**
 * Failure types in Temporal → failure codes in the API. docs/failures.md has one heading per code.
 * The workflow decides what follows from the type alone: see `workflows/failure-policy.ts`.
 */
export const FAILURE_CODES = {
  ProviderRateLimited: 'provider_rate_limited',
  ProviderUnavailable: 'provider_unavailable',
  ProviderResponseInvalid: 'provider_response_invalid',
  ProviderRequestRejected: 'provider_request_rejected',
  ProviderAuthenticationFailed: 'provider_authentication_failed',
  ProviderBillingExhausted: 'provider_billing_exhausted',
  ProviderJobFailed: 'provider_job_failed',
  ContentRefused: 'content_refused',
  ModelGone: 'model_gone',
  CircuitOpen: 'circuit_open',
  AllProvidersFailed: 'all_providers_failed',
  SubmissionUnknown: 'submission_unknown',
  CredentialMissing: 'credential_missing',
  PaidResultUnavailable: 'paid_result_unavailable',
  BudgetReached: 'budget_reached',
  JobTimeout: 'job_timeout',
  JobCancelled: 'job_cancelled',
  InputInvalid: 'input_invalid',
  InputUnavailable: 'input_unavailable',
  InputUnreachable: 'input_unreachable',
  MediaFailed: 'media_failed',
  DeliveryFailed: 'delivery_failed',
  AssetStoreUnavailable: 'asset_store_unavailable',
  StaleRun: 'stale_run',
  Superseded: 'superseded',
  Cancelled: 'cancelled',
  RunTerminated: 'run_terminated',
  RunTimedOut: 'run_timed_out',
  ItemsFailed: 'items_failed',
  Internal: 'internal',
} as const;

export type FailureType = keyof typeof FAILURE_CODES;
export type FailureCode = (typeof FAILURE_CODES)[FailureType];

/** Benign, retried for ever: the job is not done yet. Never seen by users. */
export const JOB_PENDING = 'JobPending';

/** The failure type of a run that ended FAILED. */
export const EXECUTION_FAILED = 'ExecutionFailed';
