import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import { firstIdAt } from '../../ids';
import type { Database } from '../database';
import { creditsOfRun } from '../stats';

/** What came of the executions of one variant. */
export interface VariantStats {
  readonly variant: string;
  readonly executions: number;
  readonly completed: number;
  readonly failed: number;
  /** Mean of those that have ended; null before. */
  readonly creditsMean: number | null;
  /** From accepted to completed, milliseconds; null before the first. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly feedback: Readonly<Record<string, { readonly count: number; readonly mean: number }>>;
}

export const variants = {
  /** Notes a value under a metric; the last word counts. @returns false for an unknown or foreign execution */
  async giveFeedback(
    database: Database,
    accountId: string,
    executionId: string,
    feedback: { readonly metric: string; readonly value: number },
  ): Promise<boolean> {
    const { rows } = await sql`
      insert into execution_feedback (execution_id, metric, value)
      select id, ${feedback.metric}, ${feedback.value}::float8 from executions
      where id = ${executionId} and account_id = ${accountId}
      on conflict (execution_id, metric) do update set value = excluded.value, at = now()
      returning execution_id`.execute(database.queries);
    return rows.length > 0;
  },

  /** By name; of all versions, or of one. The caller has checked the workflow. */
  async stats(
    database: Database,
    scope: {
      readonly accountId: string;
      readonly workflowId: string;
      readonly mode: Mode;
      readonly version?: number;
      /** Those that began in this time only. */
      readonly from?: Date;
      readonly to?: Date;
    },
  ): Promise<readonly VariantStats[]> {
    const { accountId, workflowId, mode, version = null } = scope;
    const [from, to] = [scope.from, scope.to].map((moment) => (moment ? firstIdAt('exe', moment) : null));
    const { rows } = await sql<StatsRow>`
      with runs as (
        select id, variant, status, ${creditsOfRun} as credits_charged, completed_at,
          extract(epoch from completed_at - created_at) * 1000 as ms
        from executions
        where workflow_id = ${workflowId} and account_id = ${accountId} and mode = ${mode}
          and variant is not null and (${version}::int is null or version = ${version}::int)
          and (${from}::text is null or id >= ${from}) and (${to}::text is null or id < ${to})
      ), feedback as (
        select variant, jsonb_object_agg(metric, jsonb_build_object('count', count, 'mean', mean)) as metrics
        from (
          select r.variant, f.metric, count(*) as count, avg(f.value) as mean
          from runs r join execution_feedback f on f.execution_id = r.id group by r.variant, f.metric
        ) by_metric group by variant
      )
      select r.variant, count(*) as executions,
        count(*) filter (where r.status = 'COMPLETED') as completed,
        count(*) filter (where r.status = 'FAILED') as failed,
        (avg(r.credits_charged) filter (where r.completed_at is not null))::float8 as credits_mean,
        percentile_cont(array[0.5, 0.95, 0.99]) within group (order by r.ms)
          filter (where r.status = 'COMPLETED') as latencies,
        coalesce(any_value(f.metrics), '{}'::jsonb) as feedback
      from runs r left join feedback f on f.variant = r.variant
      group by r.variant order by r.variant`.execute(database.queries);
    return rows.map(toStats);
  },
} as const;

interface StatsRow {
  readonly variant: string;
  readonly executions: number;
  readonly completed: number;
  readonly failed: number;
  readonly credits_mean: number | null;
  readonly latencies: readonly number[] | null;
  readonly feedback: VariantStats['feedback'];
}

function toStats(row: StatsRow): VariantStats {
  const [p50, p95, p99] = row.latencies ?? [];
  const isKnown = p50 !== undefined && p95 !== undefined && p99 !== undefined;
  return {
    ...{ variant: row.variant, executions: row.executions, completed: row.completed, failed: row.failed },
    creditsMean: row.credits_mean,
    latencyMs: isKnown ? { p50, p95, p99 } : null,
    feedback: row.feedback,
  };
}
