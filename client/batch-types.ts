import type { ExecutionView } from '../pipeline/execution-view';

/** Runs the graph once per value. */
export interface IteratorConfig {
  readonly nodeId: string;
  /** Field of the node's config; of input nodes the value unless given. */
  readonly path?: string;
  /** One per item; either these or `csv`. */
  readonly values?: readonly unknown[];
  /** With a header line. */
  readonly csv?: string;
  /** Of the CSV; unless given the one named as the path or the node, or its only one. */
  readonly column?: string;
  /** The first ones only. */
  readonly limit?: number;
  /** How it joins the ones before it: value by value (unless given), or each with each. */
  readonly mode?: 'zip' | 'product';
}

/** What makes an execution a batch of at most 1,000 items. */
export interface BatchInput {
  readonly iteratorConfigs?: readonly IteratorConfig[];
  /** COMPLETED though items failed, unless all of them have. */
  readonly allowPartial?: boolean;
  /** Items that fail are tried again by themselves. `after`: seconds from the failure on. */
  readonly autoRedrive?: { readonly times: number; readonly after: number };
}

/** PENDING: not begun, so it is no execution yet. */
export type ItemStatus = 'PENDING' | ExecutionView['status'];

/** One item of a batch; an execution of its own once it has begun. */
export interface BatchItem {
  /** From 0, in the order of the values. */
  readonly index: number;
  readonly status: ItemStatus;
  readonly executionId: string | null;
  readonly values: readonly {
    readonly nodeId: string;
    readonly path: string | null;
    readonly value: unknown;
  }[];
  readonly output: ExecutionView['output'];
  readonly credits: number;
  readonly attempt: number;
  /** Times that it was tried again by itself. */
  readonly redrives: number;
  readonly failure: ExecutionView['failure'];
  readonly openedAt: string | null;
  readonly completedAt: string | null;
  readonly links: Readonly<Record<string, string>>;
}

export interface ItemFilters {
  readonly status?: ItemStatus;
  readonly limit?: number;
  readonly cursor?: string;
}
