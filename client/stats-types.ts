import type { VariantStats } from './workflow-types';

export interface StatsWindow {
  /** ISO 8601, included; 7 days before the end unless given. */
  readonly from?: string;
  /** ISO 8601, excluded; now unless given. */
  readonly to?: string;
  /** Of this workflow only, with its variants. */
  readonly workflowId?: string;
}

export interface OutcomesView {
  readonly count: number;
  readonly completed: number;
  readonly failed: number;
  /** 0 to 1; null before the first has ended. */
  readonly successRate: number | null;
  /** Of those that completed, milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly credits: number;
}

/** Of the executions that began in a time, in the mode of the key; the dearest first. */
export interface StatsView {
  readonly mode: 'live' | 'test';
  readonly from: string;
  readonly to: string;
  readonly runs: OutcomesView;
  readonly workflows: readonly (OutcomesView & { readonly workflowId: string; readonly name: string })[];
  readonly dearestRuns: readonly {
    readonly executionId: string;
    readonly workflowId: string;
    readonly credits: number;
  }[];
  readonly nodeTypes: readonly (OutcomesView & { readonly nodeType: string; readonly attempts: number })[];
  readonly models: readonly (OutcomesView & {
    readonly provider: string;
    readonly model: string;
    readonly sends: number;
    readonly rateLimited: number;
  })[];
  /** Why jobs were made: first, fallback, definite_failure, changed, policy, user. */
  readonly reasons: readonly { readonly reason: string; readonly jobs: number; readonly credits: number }[];
  readonly variants: readonly Omit<VariantStats, 'weight'>[];
}
