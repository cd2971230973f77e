import type { JsonObject, Mode } from '../../../workflows/contract';

/** A saved graph: a draft that changes, and versions that do not. */
export interface Workflow {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly description: string;
  /** Counts the changes of name, description and draft, from 1. */
  readonly revision: number;
  readonly versionCount: number;
  readonly published: PublishedVersion | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface PublishedVersion {
  readonly version: number;
  readonly tag: string;
}

export interface WorkflowWithDraft extends Workflow {
  /** `{nodes, edges, variables?, …}` as saved; may be faulty. */
  readonly draft: JsonObject;
}

export interface WorkflowVersion {
  readonly workflowId: string;
  readonly version: number;
  /** Semantic version. */
  readonly tag: string;
  readonly name: string;
  readonly note: string;
  readonly createdAt: Date;
}

export interface WorkflowVersionWithGraph extends WorkflowVersion {
  /** `{nodes, edges, variables?, …}`: was free of faults when it was published. */
  readonly graph: JsonObject;
}

export interface DraftContent {
  readonly name: string;
  readonly description: string;
  readonly draft: JsonObject;
}

/** A version by its number or its tag; undefined: the published one. */
export type VersionSelector = number | string | undefined;

export interface PublishRequest {
  readonly accountId: string;
  readonly workflowId: string;
  /** Revision that the caller has checked; another one by now → `changed`. */
  readonly revision: number;
  /** Semantic version. */
  readonly tag: string;
  readonly note: string;
  /** Published in place of the draft. */
  readonly graph?: JsonObject;
  /** The draft becomes that graph. */
  readonly replacesDraft?: boolean;
  /** Of the webhook that the first publication of a mode makes. */
  readonly mode: Mode;
}

export interface Publication {
  readonly version: WorkflowVersion;
  /** Null when the workflow's own webhook was removed. */
  readonly webhookId: string | null;
  /** No version was made: the published one has this very graph. */
  readonly isUnchanged: boolean;
}
