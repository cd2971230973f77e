import type { BatchInput } from './batch-types';
import type { AssetView, ExecutionStatus, ExecutionView } from '../pipeline/execution-view';

/** A pipeline graph as React Flow exports it; the API names every fault. */
export interface GraphInput {
  readonly nodes: readonly object[];
  readonly edges: readonly object[];
}

export interface ExecuteInput extends Partial<GraphInput>, BatchInput {
  readonly triggerData?: Readonly<Record<string, unknown>>;
  /** Only these nodes and what they need. */
  readonly targetNodeIds?: readonly string[];
  /** Values of `${name}` where triggerData has no such name. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Version of a saved workflow, number or tag; the published one unless given. */
  readonly version?: number | string;
  /** Of a saved workflow with variants; one by their weights unless given. */
  readonly variant?: string;
  /** Most that the execution may cost, credits. */
  readonly budgetCredits?: number;
  /** 1 (first) to 5. */
  readonly priority?: number;
  readonly failFast?: boolean;
  /** Told when the execution ends or waits. */
  readonly callbackUrl?: string;
  readonly tags?: readonly string[];
}

/** What a run may cost, credits (US$0.001). */
export interface Quote {
  /** First candidates, one round, no retry: what must be available before anything starts. */
  readonly minCredits: number;
  /** The dearest candidate of each node. */
  readonly maxCredits: number;
  /** Of a batch: its nodes are quoted with all their items. */
  readonly items?: number;
  readonly nodes: readonly {
    readonly nodeId: string;
    readonly nodeType: string;
    readonly minCredits: number;
    readonly maxCredits: number;
  }[];
}

export interface ExecuteReceipt {
  readonly executionId: string;
  readonly workflowId: string;
  readonly version: number | null;
  readonly status: 'RUNNING';
  readonly quote: Quote;
  readonly links: Readonly<Record<string, string>>;
  /** The state after `waitSeconds`, where that was asked for. */
  readonly execution?: ExecutionView;
}

export interface ResumeInput extends Pick<ExecuteInput, 'nodes' | 'edges' | 'triggerData' | 'budgetCredits'> {
  /** After `submission_unknown`: send those jobs again, though they may be paid twice. */
  readonly resubmitUnknown?: boolean;
}

export interface ResumeReceipt {
  readonly executionId: string;
  /** Finished results that are kept. */
  readonly reused: readonly { readonly nodeId: string; readonly credits: number }[];
  /** Nodes that run (again). */
  readonly rerun: readonly string[];
  /** Paid jobs still under way at providers, taken over instead of sent again. */
  readonly adoptedJobs: readonly {
    readonly jobId: string;
    readonly nodeId: string;
    readonly provider: string;
    readonly model: string;
  }[];
  readonly creditsNotSpentAgain: number;
  /** Of what is left to run. */
  readonly quote: Quote;
  /** Of a batch. */
  readonly items?: { readonly reused: number; readonly rerun: number };
}

export interface CancelReceipt {
  readonly executionId: string;
  readonly status: ExecutionStatus;
  readonly cancelRequested: boolean;
  readonly links: Readonly<Record<string, string>>;
}

export interface ExecutionSummary {
  readonly executionId: string;
  readonly workflowId: string;
  readonly workflowName: string;
  readonly version: number | null;
  readonly status: ExecutionStatus;
  readonly attempt: number;
  readonly mode: 'live' | 'test';
  readonly tags: readonly string[];
  readonly credits: ExecutionView['credits'];
  readonly failure: ExecutionView['failure'];
  readonly cancelRequested: boolean;
  readonly createdAt: string;
  readonly completedAt: string | null;
  readonly links: Readonly<Record<string, string>>;
}

export interface ExecutionDetail extends ExecutionSummary {
  readonly priority: number;
  readonly budgetCredits: number | null;
  readonly execution: ExecutionView;
  readonly jobs: readonly JobDetail[];
  /** The last move to another version of its workflow. */
  readonly migration: ExecutionMigration | null;
  readonly graph: Readonly<Record<string, unknown>>;
  readonly triggerData: Readonly<Record<string, unknown>>;
  readonly quote: Readonly<Record<string, unknown>>;
}

export interface ExecutionMigration {
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly state: 'pending' | 'migrated' | 'stayed';
  /** Why it stayed with its version. */
  readonly reasons: readonly { readonly code: string; readonly nodeId?: string; readonly message: string }[];
  readonly requestedAt: string;
  readonly endedAt: string | null;
}

/** One paid call at a provider, with every send. */
export interface JobDetail {
  readonly jobId: string;
  readonly nodeId: string;
  readonly step: string;
  readonly provider: string;
  readonly model: string;
  readonly generation: number;
  readonly generationReason: 'first' | 'definite_failure' | 'changed' | 'policy' | 'user';
  /** Which of `data.retry.changes` it was sent with; 0: the node as posted. */
  readonly changeNumber: number;
  readonly state: string;
  readonly providerJobId: string | null;
  readonly creditsReserved: number;
  readonly creditsCharged: number;
  readonly possibleDuplicate: boolean;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly createdAt: string;
  readonly acceptedAt: string | null;
  readonly settledAt: string | null;
  readonly sends: readonly JobSend[];
}

export interface JobSend {
  readonly number: number;
  readonly outcome: 'accepted' | 'rejected' | 'ambiguous' | 'completed';
  readonly failureCode: string | null;
  readonly message: string | null;
  readonly httpStatus: number | null;
  readonly latencyMs: number;
  readonly startedAt: string;
}

export interface ListFilters {
  readonly status?: ExecutionStatus;
  /** Workflow id. */
  readonly workflow?: string;
  readonly tag?: string;
  readonly mode?: 'live' | 'test';
  /** ISO 8601, included. */
  readonly createdAfter?: string;
  /** ISO 8601, excluded. */
  readonly createdBefore?: string;
  /** 1–100, default 20. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface AssetFilters {
  readonly type?: AssetView['type'];
  /** 1–100, default 20. */
  readonly limit?: number;
  readonly cursor?: string;
}

export interface ListedAsset extends AssetView {
  readonly createdAt: string;
}

export interface Page<Item> {
  readonly data: readonly Item[];
  readonly hasMore: boolean;
  readonly nextCursor: string | null;
}

/** Credits of an account in one mode; 1 credit is US$0.001. */
export interface CreditsView {
  readonly mode: 'live' | 'test';
  /** Free to be spent. */
  readonly availableCredits: number;
  /** Set aside for executions that have not ended. */
  readonly heldCredits: number;
  /** Spent since the beginning. */
  readonly chargedCredits: number;
  /** Available, held and charged together. */
  readonly grantedCredits: number;
}

export interface CreditGrantInput {
  readonly credits: number;
  /** Such as the id of a payment; the idempotency key of the call unless given. */
  readonly grantKey?: string;
  /** Another account, for keys with the scope `accounts:manage`; that of the key unless given. */
  readonly accountId?: string;
}

export interface UsageWindow {
  /** ISO 8601, included; 30 days before `to` unless given. */
  readonly from?: string;
  /** ISO 8601, excluded; now unless given. At most 400 days after `from`. */
  readonly to?: string;
}

export interface UsageSum {
  readonly credits: number;
  /** Paid jobs. */
  readonly jobs: number;
}

/** What an account has used in one mode. */
export interface UsageView extends UsageSum {
  readonly mode: 'live' | 'test';
  readonly from: string;
  readonly to: string;
  readonly plan: {
    readonly name: string;
    readonly requestsPerMinute: number | null;
    readonly executionsPerMinute: number | null;
    readonly executionsPerDay: number | null;
  };
  readonly executions: Readonly<Record<'started' | 'completed' | 'failed' | 'cancelled', number>>;
  readonly days: readonly (UsageSum & { readonly day: string })[];
  /** The dearest first. */
  readonly models: readonly (UsageSum & { readonly provider: string; readonly model: string })[];
  readonly nodeTypes: readonly (UsageSum & { readonly nodeType: string })[];
}

export interface AccountView {
  readonly accountId: string;
  readonly name: string;
  /** free, starter, pro, enterprise or self_hosted. */
  readonly plan: string;
}

/** The first key of a new account; as with `CreatedApiKey` a repeat lacks the key. */
export interface CreatedAccount extends CreatedApiKey {
  readonly account: AccountView;
}

export interface CreditGrant {
  readonly grantId: string;
  readonly grantKey: string;
  readonly mode: 'live' | 'test';
  readonly credits: number;
  readonly createdAt: string;
}

/** An API key without its secret. */
export interface ApiKeyView {
  readonly keyId: string;
  readonly name: string;
  readonly mode: 'live' | 'test';
  readonly last4: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

export interface NewApiKey {
  readonly name: string;
  /** That of the calling key unless given; a test key makes no live key. */
  readonly mode?: 'live' | 'test';
  /** Those of the calling key unless given, never more. */
  readonly scopes?: readonly string[];
  /** ISO 8601; never unless given. */
  readonly expiresAt?: string;
}

/**
 * A key just made. The API stores no secret, so the answer to a repeat (when the first answer was lost) has neither `key`
 * nor `keyId`: revoke that key, known by its `last4`, and make another.
 */
export interface CreatedApiKey extends Pick<ApiKeyView, 'name' | 'mode' | 'last4' | 'scopes' | 'expiresAt'> {
  readonly keyId?: string;
  /** The key itself, shown this once. */
  readonly key?: string;
}

export interface KeyRotation {
  /** How long the old key still works, 0 to 30 days; a day unless given. */
  readonly overlapSeconds?: number;
  /** ISO 8601; that of the old key unless given. */
  readonly expiresAt?: string;
}

export interface RotatedApiKey extends CreatedApiKey {
  /** The old key, and when it ends. */
  readonly replaces: { readonly keyId: string; readonly revokedAt: string };
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface CreatingOptions extends CallOptions {
  /** Repeats with one key start one run; a fresh key is made unless given, so that our own retries are safe. */
  readonly idempotencyKey?: string;
}

export type { AssetView, ExecutionStatus, ExecutionView };
