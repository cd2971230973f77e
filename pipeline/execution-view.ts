import { z } from 'zod';
import { FAILURE_CODES, type FailureCode } from '../workflows/contract';

/**
 * The poll body (SPEC §3): one closed union by `status`, written by the API and read by client, CLI and web.
 * Times are ISO 8601 in UTC, credits are integers (US$0.001).
 */

const failureCodes = Object.values(FAILURE_CODES) as [FailureCode, ...FailureCode[]];

/** An asset as the API shows it: the reference plus a signed URL that expires. */
export const assetViewSchema = z.object({
  type: z.enum(['text', 'json', 'image', 'video', 'audio', 'file']),
  assetId: z.string(),
  url: z.string(),
  mimeType: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string(),
  width: z.number().optional(),
  height: z.number().optional(),
  durationSeconds: z.number().optional(),
});

/**
 * Values by output port; empty until the node is done. A value is an `AssetView`, a short JSON value, or a list of those.
 * (`unknown`, not `z.json()`: a recursive schema overflows the OpenAPI generator.)
 */
export const outputViewSchema = z.record(z.string(), z.unknown());

/** Why one candidate did not serve a node. */
export const candidateFailureSchema = z.object({
  provider: z.string(),
  model: z.string(),
  code: z.enum(failureCodes),
  message: z.string(),
  retryable: z.boolean(),
});

/** Why one node failed. */
export const failureViewSchema = z.object({
  code: z.enum(failureCodes),
  message: z.string(),
  provider: z.string().optional(),
  retryable: z.boolean(),
  /** Each candidate that was asked in the last round, in order, with its own reason. */
  candidates: z.array(candidateFailureSchema).readonly().optional(),
});

/** Why the run failed: the first node that made it fail. */
export const executionFailureSchema = failureViewSchema.extend({
  nodeId: z.string(),
  resumable: z.boolean(),
});

const nodeCommon = {
  nodeType: z.string(),
  output: outputViewSchema,
  /** Who serves or served it; null for local nodes and before a provider is chosen. */
  provider: z.string().nullable(),
  model: z.string().nullable(),
  /** Sends to providers so far; 1 for local work that has run. */
  attempts: z.number().int().nonnegative(),
  /** Candidates that failed before the present one, `provider:model`. */
  fallbackFrom: z.array(z.string()),
  cached: z.boolean(),
  credits: z.number().int().nonnegative(),
  /** The provider may have been paid twice for this node: its first answer was lost. */
  possibleDuplicate: z.boolean().optional(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
};

/** Everything of a node that is not over well and did not fail. */
const openNode = <Status extends string>(status: Status) =>
  z.object({ status: z.literal(status), ...nodeCommon, error: z.null() });

export const nodeViewSchema = z.discriminatedUnion('status', [
  openNode('PENDING'),
  openNode('RUNNING'),
  z.object({ status: z.literal('WAITING'), ...nodeCommon, error: failureViewSchema.nullable() }),
  openNode('COMPLETED').extend({ completedAt: z.string() }),
  z.object({ status: z.literal('FAILED'), ...nodeCommon, error: failureViewSchema }),
  z.object({ status: z.literal('SKIPPED'), ...nodeCommon, error: failureViewSchema.nullable() }),
  z.object({ status: z.literal('CANCELLED'), ...nodeCommon, error: failureViewSchema.nullable() }),
]);

const itemCount = z.number().int().nonnegative();

/** How the items of a batch stand; each of them is read at `links.items`. */
export const itemsViewSchema = z.object({
  total: itemCount,
  /** Not begun; in a batch that has ended: left out. */
  pending: itemCount,
  running: itemCount,
  /** For their user: a review, credits, a word on a send of unknown fate. */
  waiting: itemCount,
  completed: itemCount,
  failed: itemCount,
  cancelled: itemCount,
  /** Items that are over, 0 to 1. */
  progress: z.number(),
  /** By the times that finished items took; null before the first one, and while nothing runs. */
  etaSeconds: z.number().nullable(),
  /** Mean time of an item that is over. */
  meanSeconds: z.number().nullable(),
});

const executionCommon = {
  executionId: z.string(),
  /** `inline` for a graph that was posted with the call. */
  workflowId: z.string(),
  /** Of the saved workflow; null for an inline graph. */
  version: z.number().int().nullable(),
  /** 1 for the first Temporal run, one more for each run after it; a resume from WAITING goes on in the same run. */
  attempt: z.number().int().positive(),
  progress: z.object({
    total: z.number().int().nonnegative(),
    completed: z.number().int().nonnegative(),
    running: z.number().int().nonnegative(),
    failed: z.number().int().nonnegative(),
    skipped: z.number().int().nonnegative(),
  }),
  /** By node id, and by step (`n7.2.13`, `sub/n3`) for what runs inside of groups; a member's own entry stands for its steps. */
  nodes: z.record(z.string(), nodeViewSchema),
  /** Outputs of the nodes that no other node takes from, by node id. */
  output: z.record(z.string(), outputViewSchema),
  credits: z.object({
    held: z.number().int().nonnegative(),
    charged: z.number().int().nonnegative(),
    released: z.number().int().nonnegative(),
  }),
  /** Of a batch; null for a single run. */
  items: itemsViewSchema.nullable(),
  links: z.record(z.string(), z.string()),
  cancelRequested: z.boolean().optional(),
  createdAt: z.string().optional(),
  startedAt: z.string().nullable().optional(),
  completedAt: z.string().nullable().optional(),
};

const withoutFailure = { error: z.null(), failure: z.null() };

export const executionViewSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('RUNNING'), ...executionCommon, ...withoutFailure }),
  z.object({
    status: z.literal('WAITING'),
    ...executionCommon,
    /** What the run waits for, such as a top-up after `budget_reached`. */
    error: z.string().nullable(),
    failure: executionFailureSchema.nullable(),
  }),
  z.object({ status: z.literal('COMPLETED'), ...executionCommon, ...withoutFailure }),
  z.object({
    status: z.literal('FAILED'),
    ...executionCommon,
    /** The failure's message. */
    error: z.string(),
    failure: executionFailureSchema,
  }),
  z.object({ status: z.literal('CANCELLED'), ...executionCommon, ...withoutFailure }),
]);

export type ItemsView = z.infer<typeof itemsViewSchema>;
export type AssetView = z.infer<typeof assetViewSchema>;
export type NodeView = z.infer<typeof nodeViewSchema>;
export type NodeStatus = NodeView['status'];
export type ExecutionView = z.infer<typeof executionViewSchema>;
export type ExecutionStatus = ExecutionView['status'];

/** A status after which nothing changes any more unless the run is resumed. */
export function isOver(status: ExecutionStatus): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';
}
