import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type {
  CarriedNode,
  ExecutionFailure,
  FailureView,
  JsonObject,
  JsonValue,
  Mode,
  NodeOutputs,
  Plan,
  PortValue,
} from '../../workflows/contract';
import type { MigrationReason } from './executions/migration-reason';
import type { IteratorPlace } from '../../pipeline/batch/iterators';
import type { PlanPatch } from '../../pipeline/batch/plan-patch';
import type { FireRefusal, ScheduledRun, ScheduleSpec } from './schedules/schedule';

/** Rows as PostgreSQL holds them; made by store/database/migrations. */
export interface Tables {
  account_secrets: AccountSecretsTable;
  accounts: AccountsTable;
  api_keys: ApiKeysTable;
  apps: AppsTable;
  assets: AssetsTable;
  batch_items: BatchItemsTable;
  batches: BatchesTable;
  cache_hits: CacheHitsTable;
  callback_secrets: CallbackSecretsTable;
  callbacks: CallbacksTable;
  circuit_breakers: CircuitBreakersTable;
  credit_balances: CreditBalancesTable;
  credit_entries: CreditEntriesTable;
  dead_letters: DeadLettersTable;
  deliveries: DeliveriesTable;
  delivery_attempts: DeliveryAttemptsTable;
  events: EventsTable;
  execution_feedback: ExecutionFeedbackTable;
  execution_migrations: ExecutionMigrationsTable;
  execution_nodes: ExecutionNodesTable;
  executions: ExecutionsTable;
  idempotency_keys: IdempotencyKeysTable;
  job_sends: JobSendsTable;
  jobs: JobsTable;
  prompts: PromptsTable;
  schedule_fires: ScheduleFiresTable;
  schedules: SchedulesTable;
  subscriptions: SubscriptionsTable;
  reviews: ReviewsTable;
  sweeper_state: SweeperStateTable;
  workflow_publications: WorkflowPublicationsTable;
  workflow_versions: WorkflowVersionsTable;
  workflow_webhooks: WorkflowWebhooksTable;
  workflows: WorkflowsTable;
}

type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
type NullableTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
/** Written as text by `toJson` (see json.ts), read as a parsed value. */
type Json<T extends object | null> = JSONColumnType<T, string, string>;
type NullableJson<T extends object> = ColumnType<T | null, string | null | undefined, string | null>;

export type ExecutionStatus = 'RUNNING' | 'WAITING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';
export type NodeStatus = 'PENDING' | 'RUNNING' | 'WAITING' | 'COMPLETED' | 'FAILED' | 'SKIPPED' | 'CANCELLED';

/**
 * INTENT → SUBMITTING → ACCEPTED → STORED → SETTLED is the way of a job that goes well.
 * UNKNOWN: sent, fate unknown; still open. REJECTED: definitely not accepted. FAILED: accepted, ended badly.
 * SUPERSEDED: another request took its place.
 */
export type JobState =
  | 'INTENT'
  | 'SUBMITTING'
  | 'ACCEPTED'
  | 'STORED'
  | 'SETTLED'
  | 'REJECTED'
  | 'FAILED'
  | 'UNKNOWN'
  | 'CANCELLED'
  | 'SUPERSEDED';

export type GenerationReason = 'first' | 'definite_failure' | 'changed' | 'policy' | 'user';
export type SendOutcome = 'accepted' | 'rejected' | 'ambiguous' | 'completed';
/** open → redriven (it is tried again, or will be) → resolved, or open again. */
export type DeadLetterState = 'open' | 'redriven' | 'resolved';

/** Why a planned redrive did not begin. */
export interface RedriveRefusal {
  readonly code: string;
  readonly message: string;
}

export type EventType = 'accepted' | 'changed' | 'resumed' | 'taken_over' | 'cancel_requested' | 'finished';
export type CreditEntryKind = 'grant' | 'hold' | 'charge' | 'release' | 'refund';
export type CreditPlace = 'granted' | 'available' | 'held' | 'charged';

/** Readable with the process's own secret only; see store/secret-box.ts. */
export interface AccountSecretsTable {
  id: string;
  account_id: string;
  /** What it is for, such as `provider`. */
  kind: string;
  /** Within its kind: the provider that a key is for. */
  name: string;
  label: Generated<string>;
  sealed: string;
  /** First 16 hex digits of its SHA-256: tells secrets apart without giving them away. */
  digest: string;
  last4: string;
  created_at: Timestamp;
}

export interface AccountsTable {
  id: string;
  name: string;
  plan: Generated<string>;
  created_at: Timestamp;
}

export interface ApiKeysTable {
  id: string;
  account_id: string;
  mode: Mode;
  name: string;
  /** SHA-256 of the whole key. */
  hash: Buffer;
  last4: string;
  scopes: string[];
  created_at: Timestamp;
  expires_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
  last_used_at: NullableTimestamp;
}

export interface CreditBalancesTable {
  account_id: string;
  mode: Mode;
  available: number;
  held: number;
}

export interface CreditEntriesTable {
  id: string;
  account_id: string;
  mode: Mode;
  execution_id: string | null;
  job_id: string | null;
  node_id: string | null;
  kind: CreditEntryKind;
  debit_from: CreditPlace;
  credit_to: CreditPlace;
  amount: number;
  posting_key: string;
  created_at: Timestamp;
}

export interface ExecutionsTable {
  id: string;
  account_id: string;
  mode: Mode;
  workflow_id: string;
  workflow_name: string;
  version: number | null;
  status: ExecutionStatus;
  attempt: Generated<number>;
  revision: Generated<number>;
  graph: Json<JsonObject>;
  trigger_data: Json<JsonObject>;
  plan: Json<Plan>;
  carried: Json<readonly CarriedNode[]>;
  quote: Json<JsonObject>;
  quote_min_credits: number;
  quote_max_credits: number;
  /** Sums over the whole life of the execution; what is held now = held − charged − released. */
  credits_held: Generated<number>;
  credits_charged: Generated<number>;
  credits_released: Generated<number>;
  /** Holds opened so far; makes posting keys. */
  hold_number: Generated<number>;
  budget_credits: number | null;
  temporal_run_id: string | null;
  /** Temporal runs that may not write any more. */
  past_run_ids: Generated<string[]>;
  /** Resumes of the present Temporal run while it waited. */
  resume_number: Generated<number>;
  /** Such a resume that its run may not know yet. */
  resume_requested_at: NullableTimestamp;
  /** A run that waited when an edited graph took its place: to be ended before the next one starts. */
  superseded_run_id: string | null;
  start_requested_at: NullableTimestamp;
  cancel_requested_at: NullableTimestamp;
  failure: NullableJson<ExecutionFailure>;
  fail_fast: boolean;
  /** The user's word for this attempt: jobs of unknown fate are sent again. */
  resubmit_unknown: ColumnType<boolean, boolean | undefined, boolean>;
  /** When its settling was last started; null when there is nothing under way. */
  settle_started_at: NullableTimestamp;
  tags: string[];
  priority: number;
  callback_url: string | null;
  /** The batch that it is an item of. */
  parent_id: ColumnType<string | null, string | null | undefined, never>;
  item_index: ColumnType<number | null, number | null | undefined, never>;
  /** Of a batch. */
  item_count: ColumnType<number | null, number | null | undefined, never>;
  /** Released here and held there, between a batch and its items: no credits that the account got back. */
  credits_moved: Generated<number>;
  /** Of its workflow, which it runs. */
  variant: ColumnType<string | null, string | null | undefined, never>;
  created_at: Timestamp;
  completed_at: NullableTimestamp;
}

/** The last move of an execution to another version of its workflow. */
export interface ExecutionMigrationsTable {
  execution_id: string;
  from_version: number;
  to_version: number;
  state: Generated<'pending' | 'migrated' | 'stayed'>;
  /** Why it stayed. */
  reasons: ColumnType<readonly MigrationReason[], string | undefined, string>;
  /** The Temporal run that knows that it is to drain. */
  told_run_id: string | null;
  /** The Temporal run that has drained: it writes nothing more, and the execution may go on in another one. */
  drained_run_id: string | null;
  requested_at: Timestamp;
  ended_at: NullableTimestamp;
}

export interface BatchesTable {
  execution_id: string;
  places: Json<readonly IteratorPlace[]>;
  /** Of the first item. */
  item_plan: Json<Plan>;
  allow_partial: boolean;
  /** Times that an item which failed is tried again by itself. */
  redrive_times: Generated<number>;
  redrive_after_seconds: Generated<number>;
  /** It had failed for its items alone, and the last of them is done since: it is to be resumed. */
  completion_due_at: NullableTimestamp;
}

export interface BatchItemsTable {
  execution_id: string;
  /** From 0. */
  item_index: number;
  /** Known before the item is opened. */
  item_execution_id: string;
  item_values: Json<readonly JsonValue[]>;
  /** Of the first item's plan. */
  patch: Json<PlanPatch>;
  quote: Json<JsonObject>;
  min_credits: number;
  max_credits: number;
  /** Attempt of the batch that last opened it; 0: none has. */
  batch_attempt: Generated<number>;
  redrives: Generated<number>;
}

export interface ExecutionNodesTable {
  execution_id: string;
  step: string;
  node_id: string;
  position: number;
  node_type: string;
  label: string;
  status: Generated<NodeStatus>;
  node_key: string;
  /** No other node takes this one's outputs: they are outputs of the execution. */
  is_output: boolean;
  outputs: NullableJson<NodeOutputs>;
  provider: string | null;
  model: string | null;
  attempts: Generated<number>;
  fallback_from: ColumnType<readonly string[], string | undefined, string>;
  cached: Generated<boolean>;
  credits: Generated<number>;
  possible_duplicate: Generated<boolean>;
  error: NullableJson<FailureView>;
  run_attempt: Generated<number>;
  started_at: NullableTimestamp;
  completed_at: NullableTimestamp;
}

export interface ReviewsTable {
  id: string;
  account_id: string;
  mode: Mode;
  execution_id: string;
  step: string;
  node_id: string;
  node_key: string;
  /** 1 for the first value that the step had judged; another value is another review. */
  number: number;
  label: string;
  title: string;
  instructions: string;
  value: ColumnType<PortValue, string, string>;
  state: Generated<'open' | 'decided' | 'timed_out'>;
  decision: 'approve' | 'reject' | 'replace' | null;
  comment: Generated<string>;
  replacement: ColumnType<PortValue | null, string | null | undefined, string | null>;
  /** Id of the key that decided. */
  decided_by: string | null;
  created_at: Timestamp;
  due_at: NullableTimestamp;
  decided_at: NullableTimestamp;
  /** Decided, and its run may not know yet. */
  tell_requested_at: NullableTimestamp;
}

export interface JobsTable {
  id: string;
  execution_id: string;
  account_id: string;
  mode: Mode;
  step: string;
  node_id: string;
  node_type: string;
  provider: string;
  model: string;
  generation: number;
  generation_reason: GenerationReason;
  request_hash: string;
  request: ColumnType<JsonValue, string, string>;
  state: JobState;
  claim_token: string | null;
  lease_until: NullableTimestamp;
  callback_token_hash: Buffer | null;
  provider_handle: NullableJson<JsonObject>;
  price_reserved: number;
  credits_charged: Generated<number>;
  possible_duplicate: Generated<boolean>;
  fallback_from: ColumnType<readonly string[], string, string>;
  credential_id: string | null;
  temporal_run_id: string | null;
  failure: NullableJson<FailureView>;
  outputs: NullableJson<NodeOutputs>;
  created_at: Timestamp;
  submitted_at: NullableTimestamp;
  accepted_at: NullableTimestamp;
  stored_at: NullableTimestamp;
  settled_at: NullableTimestamp;
  /** Nobody needs to look after it: its end is known, or cannot be known before a late answer or callback comes. */
  closed_at: NullableTimestamp;
  /** We have asked, or are about to ask, its provider to stop it. */
  cancel_requested_at: NullableTimestamp;
  /** Since when the provider answers to polls as if it did not know the job. */
  odd_since: NullableTimestamp;
  /** Which of the node's `retry.changes` it was sent with; 0: as posted. */
  change_number: Generated<number>;
  node_key: string | null;
}

export interface JobSendsTable {
  id: string;
  job_id: string;
  execution_id: string;
  step: string;
  provider: string;
  model: string;
  number: number;
  outcome: SendOutcome;
  failure_code: string | null;
  message: string | null;
  http_status: number | null;
  latency_ms: number;
  started_at: Timestamp;
}

export interface EventsTable {
  /** Revision of the execution that the write made: 1, 2, 3, … */
  execution_id: string;
  revision: number;
  type: EventType;
  data: Json<JsonObject>;
  at: Timestamp;
}

export interface CacheHitsTable {
  execution_id: string;
  step: string;
  /** Whose result it is; of another execution. */
  job_id: string;
  at: Timestamp;
}

export interface CallbacksTable {
  id: string;
  job_id: string;
  body_sha256: Buffer;
  headers: Json<Readonly<Record<string, string>>>;
  body: Buffer;
  received_at: Timestamp;
  handled_at: NullableTimestamp;
}

export interface IdempotencyKeysTable {
  account_id: string;
  scope: string;
  key: string;
  fingerprint: string;
  response_status: number;
  response_body: ColumnType<JsonValue, string, string>;
  created_at: Timestamp;
  expires_at: ColumnType<Date, Date | string, Date | string>;
}

export interface AssetsTable {
  id: string;
  account_id: string;
  sha256: string;
  type: 'text' | 'json' | 'image' | 'video' | 'audio' | 'file';
  mime_type: string;
  bytes: number;
  width: number | null;
  height: number | null;
  duration_seconds: number | null;
  source_job_id: string | null;
  source_url_host: string | null;
  created_at: Timestamp;
}

export interface CircuitBreakersTable {
  key: string;
  open_until: NullableTimestamp;
  probe_lease_until: NullableTimestamp;
  failures: Generated<number>;
  updated_at: Timestamp;
}

export interface DeadLettersTable {
  id: string;
  account_id: string;
  mode: Mode;
  execution_id: string;
  step: string;
  node_id: string;
  node_type: string;
  label: string;
  state: Generated<DeadLetterState>;
  /** Of the execution, when the node failed last. */
  attempt: number;
  times_failed: Generated<number>;
  failure: Json<FailureView>;
  inputs: Json<JsonObject>;
  price_min_credits: number;
  price_max_credits: number;
  /** Asked in the last round. */
  providers: string[];
  /** `code` and `provider:code` of every failure, for filters. */
  reasons: string[];
  first_failed_at: Timestamp;
  failed_at: Timestamp;
  redrive_id: string | null;
  /** Set while a redrive is planned and has not begun. */
  redrive_due_at: NullableTimestamp;
  redrive_per_minute: number | null;
  redrive_refusal: NullableJson<RedriveRefusal>;
  redriven_at: NullableTimestamp;
  resolved_at: NullableTimestamp;
}

export interface SweeperStateTable {
  name: string;
  cursor: ColumnType<JsonValue, string, string>;
}

export interface WorkflowsTable {
  id: string;
  account_id: string;
  name: string;
  description: Generated<string>;
  /** The graph being worked on: `{nodes, edges, …}`; may be faulty. */
  draft: Json<JsonObject>;
  /** Counts the changes of name, description and draft; its ETag. */
  revision: Generated<number>;
  version_count: Generated<number>;
  /** The one that runs when no other is named. */
  published_version: number | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: NullableTimestamp;
}

/** Never changed once written. */
export interface WorkflowVersionsTable {
  workflow_id: string;
  version: number;
  /** Semantic version, unique in the workflow. */
  tag: string;
  /** Of the workflow, when the version was made. */
  name: string;
  note: string;
  graph: Json<JsonObject>;
  graph_sha256: Buffer;
  created_at: Timestamp;
}

/** Which version served from when on; the last row is the present one. */
export interface WorkflowPublicationsTable {
  workflow_id: string;
  number: number;
  version: number;
  reason: 'publish' | 'rollback';
  at: Timestamp;
}

export interface WorkflowWebhooksTable {
  /** 160 random bits: whoever knows it may run the workflow. */
  id: string;
  account_id: string;
  workflow_id: string;
  /** Of the executions that it starts. */
  mode: Mode;
  name: string;
  /** The one that publishing answers. */
  is_default: boolean;
  /** The first signs; all are accepted. Empty: no signature is asked for. */
  sealed_secrets: ColumnType<string[], string[] | undefined, string[]>;
  created_at: Timestamp;
  deleted_at: NullableTimestamp;
}

/** Signs what goes to the `callbackUrl` of an execution. */
export interface CallbackSecretsTable {
  account_id: string;
  sealed_secrets: string[];
}

/** Who is told of the ends of a workflow's executions. */
export interface SubscriptionsTable {
  id: string;
  account_id: string;
  workflow_id: string;
  mode: Mode;
  url: string;
  /** Empty: all. */
  types: string[];
  sealed_secrets: string[];
  created_at: Timestamp;
  disabled_at: NullableTimestamp;
  disabled_reason: string | null;
  deleted_at: NullableTimestamp;
}

export type DeliveryState = 'pending' | 'delivered' | 'failed' | 'cancelled';

/** Written by a trigger when an execution ends or waits. */
export interface DeliveriesTable {
  /** The `webhook-id` of every try. */
  id: string;
  account_id: string;
  execution_id: string;
  /** Null: it goes to the callbackUrl of the execution. */
  subscription_id: string | null;
  url: string;
  type: string;
  data: Json<JsonObject>;
  state: Generated<DeliveryState>;
  /** Raised by each redelivery. */
  round: Generated<number>;
  /** In this round. */
  attempts: Generated<number>;
  last_status: number | null;
  last_error: string | null;
  next_attempt_at: NullableTimestamp;
  created_at: Timestamp;
  /** When its Temporal workflow was started; null: it is to be. */
  started_at: NullableTimestamp;
  ended_at: NullableTimestamp;
}

export interface DeliveryAttemptsTable {
  delivery_id: string;
  round: number;
  number: number;
  at: Timestamp;
  latency_ms: number;
  http_status: number | null;
  error: string | null;
}

export interface SchedulesTable {
  id: string;
  account_id: string;
  workflow_id: string;
  mode: Mode;
  name: string;
  spec: Json<ScheduleSpec>;
  run: Json<ScheduledRun>;
  paused: boolean;
  note: Generated<string>;
  created_at: Timestamp;
  deleted_at: NullableTimestamp;
}

export interface ScheduleFiresTable {
  schedule_id: string;
  /** The time that was meant. */
  scheduled_at: ColumnType<Date, Date | string, never>;
  state: Generated<'pending' | 'started' | 'refused' | 'cancelled'>;
  execution_id: string | null;
  refusal: NullableJson<FireRefusal>;
  created_at: Timestamp;
}

export interface AppsTable {
  account_id: string;
  slug: string;
  workflow_id: string;
  created_at: Timestamp;
}

export interface PromptsTable {
  account_id: string;
  name: string;
  kind: 'prompt' | 'negative';
  text: string;
  updated_at: Timestamp;
}

/** What came of an execution outside: the last value of each metric. */
export interface ExecutionFeedbackTable {
  execution_id: string;
  metric: string;
  value: number;
  at: Timestamp;
}
