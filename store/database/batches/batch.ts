import type { IteratorPlace } from '../../../pipeline/batch/iterators';
import type { PlanPatch } from '../../../pipeline/batch/plan-patch';
import type { Quote } from '../../../pipeline/quote';
import type { ExecutionFailure, JsonObject, JsonValue, NodeOutputs, Plan } from '../../../workflows/contract';
import type { ExecutionStatus } from '../tables';

/** What makes an execution a batch. */
export interface NewBatch {
  readonly places: readonly IteratorPlace[];
  /** Of the first item. */
  readonly itemPlan: Plan;
  readonly items: readonly NewBatchItem[];
  readonly allowPartial: boolean;
  readonly autoRedrive?: { readonly times: number; readonly afterSeconds: number };
}

export interface NewBatchItem {
  readonly values: readonly JsonValue[];
  readonly patch: PlanPatch;
  readonly quote: Quote;
}

/** PENDING: not opened yet, so it is no execution yet. */
export type ItemStatus = 'PENDING' | ExecutionStatus;

/** How many items stand where. */
export interface ItemCounts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly waiting: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Of those that are over, from their opening to their end; null: none is. */
  readonly meanSeconds: number | null;
  /** Of all items. */
  readonly credits: { readonly held: number; readonly charged: number; readonly released: number };
}

export interface ItemRow {
  /** From 0. */
  readonly index: number;
  readonly status: ItemStatus;
  /** Null: not opened yet. */
  readonly executionId: string | null;
  readonly values: readonly JsonValue[];
  readonly attempt: number;
  /** Times that it was tried again by itself. */
  readonly redrives: number;
  readonly credits: number;
  readonly failure: ExecutionFailure | null;
  readonly outputs: Readonly<Record<string, NodeOutputs>>;
  readonly openedAt: Date | null;
  readonly completedAt: Date | null;
}

export interface ItemPage {
  readonly places: readonly IteratorPlace[];
  /** In order. */
  readonly items: readonly ItemRow[];
  readonly nextCursor: string | null;
}

/** An item that is not done, and what its earlier attempts have left. */
export interface UnfinishedItem {
  readonly index: number;
  readonly executionId: string;
  readonly status: ItemStatus;
  readonly quote: JsonObject;
  readonly completedNodes: readonly string[];
  /** Charged for the nodes that are done. */
  readonly credits: number;
  /** All that was charged. */
  readonly charged: number;
  /** What it waits for; reviews alone leave none. */
  readonly failure: ExecutionFailure | null;
}
