import type { GraphInput, ResumeReceipt } from './types';

/** A saved graph; `nodes` and `edges` as React Flow exports them. */
export interface WorkflowInput extends Partial<GraphInput> {
  readonly name?: string;
  readonly description?: string;
  /** Values of `${name}` where triggerData has no such name. */
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Tried against each other. */
  readonly variants?: readonly VariantInput[];
  readonly viewport?: object;
}

export interface VariantInput {
  readonly name: string;
  /** Share of the executions, against the sum of all weights. */
  readonly weight: number;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** By node id: config fields written over those of the node. */
  readonly nodes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface VariantStats {
  readonly variant: string;
  /** In the published version. */
  readonly weight: number | null;
  readonly executions: number;
  readonly completed: number;
  readonly failed: number;
  readonly creditsMean: number | null;
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly feedback: Readonly<Record<string, { readonly count: number; readonly mean: number }>>;
}

export interface WorkflowView {
  readonly workflowId: string;
  readonly name: string;
  readonly description: string;
  /** Of the draft, from 1. */
  readonly revision: number;
  /** How many there are. */
  readonly versions: number;
  readonly published: { readonly version: number; readonly tag: string } | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface WorkflowDraft extends WorkflowView, GraphInput {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly viewport: object | null;
  /** What keeps the draft from being published. */
  readonly issues: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
    readonly fix: string;
  }[];
}

export interface WorkflowVersionView {
  readonly workflowId: string;
  readonly version: number;
  /** Semantic version. */
  readonly tag: string;
  readonly name: string;
  readonly note: string;
  readonly createdAt: string;
}

export interface WorkflowVersionWithGraph extends WorkflowVersionView {
  /** `{nodes, edges, …}`, as it was published. */
  readonly graph: Readonly<Record<string, unknown>>;
}

export interface PublishInput {
  /** Semantic version; the next one unless given. */
  readonly tag?: string;
  /** Which part the next one raises; patch unless given. */
  readonly bump?: 'major' | 'minor' | 'patch';
  readonly note?: string;
  /** Executions that run or wait on other versions finish there, or go on with this one where nothing paid is lost. */
  readonly inFlight?: 'finish' | 'migrate';
}

/** Why an execution stays with its version. */
export interface MigrationReason {
  readonly code: string;
  readonly nodeId?: string;
  readonly message: string;
}

/** What becomes of the executions that run or wait on other versions. */
export interface WorkflowMigration {
  readonly qualifies: readonly { readonly fromVersion: number | null; readonly receipt: ResumeReceipt }[];
  readonly stays: readonly {
    readonly executionId: string;
    readonly fromVersion: number | null;
    readonly reasons: readonly MigrationReason[];
  }[];
  /** False: there are more; publish again to look at the others. */
  readonly complete: boolean;
}

/** What a publication would do. */
export interface PublicationPreview {
  readonly dryRun: true;
  readonly workflowId: string;
  readonly tag: string;
  readonly unchanged: boolean;
  readonly migration?: WorkflowMigration;
}

export interface WorkflowPublication extends WorkflowVersionView {
  /** Whoever knows it may run the workflow; null once it was removed. */
  readonly webhookId: string | null;
  readonly triggerUrl: string | null;
  /** The published version has this very graph: no other one was made. */
  readonly unchanged: boolean;
  /** With `inFlight: 'migrate'`. */
  readonly migration?: WorkflowMigration;
}

export interface ValueChange {
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

export interface EdgeName {
  readonly source: string;
  readonly sourceHandle: string | null;
  readonly target: string;
  readonly targetHandle: string | null;
}

export interface WorkflowDiff {
  readonly from: string;
  readonly to: string;
  readonly isEqual: boolean;
  readonly nodes: {
    readonly added: readonly { readonly id: string; readonly nodeType: string | null }[];
    readonly removed: readonly { readonly id: string; readonly nodeType: string | null }[];
    readonly changed: readonly { readonly id: string; readonly changes: readonly ValueChange[] }[];
  };
  readonly edges: { readonly added: readonly EdgeName[]; readonly removed: readonly EdgeName[] };
  readonly variables: readonly ValueChange[];
  readonly variants: readonly ValueChange[];
}

/** Each a number, a tag, `draft` or `published`. */
export interface DiffInput {
  /** `published` unless given. */
  readonly from?: string;
  /** `draft` unless given. */
  readonly to?: string;
}

/** An address that runs the published version without a key. */
export interface WebhookView {
  readonly webhookId: string;
  readonly workflowId: string;
  readonly name: string;
  /** Of the executions that it starts. */
  readonly mode: 'live' | 'test';
  /** The one that publishing made. */
  readonly isDefault: boolean;
  /** Calls must carry a Standard Webhooks signature. */
  readonly signed: boolean;
  readonly triggerUrl: string;
  readonly createdAt: string;
}

/** With the secret where one was made; it is shown this once. */
export type CreatedWebhook = WebhookView & { readonly secret?: string };
