import { sql, type RawBuilder } from 'kysely';
import type { Mode } from '../../workflows/contract';
import { firstIdAt } from '../ids';
import type { Database } from './database';

export interface StatsScope {
  readonly accountId: string;
  readonly mode: Mode;
  /** Included. */
  readonly from: Date;
  /** Excluded. */
  readonly to: Date;
  /** Of one saved workflow only. */
  readonly workflowId?: string;
}

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Outcomes {
  readonly count: number;
  readonly completed: number;
  readonly failed: number;
  /** Of those that completed; null before the first. */
  readonly latencyMs: Percentiles | null;
  readonly credits: number;
}

export interface Stats {
  /** A batch counts as one. */
  readonly runs: Outcomes;
  /** The dearest first. */
  readonly workflows: readonly (Outcomes & { readonly workflowId: string; readonly name: string })[];
  readonly dearestRuns: readonly {
    readonly executionId: string;
    readonly workflowId: string;
    readonly credits: number;
  }[];
  readonly nodeTypes: readonly (Outcomes & { readonly nodeType: string; readonly attempts: number })[];
  readonly models: readonly (Outcomes & {
    readonly provider: string;
    readonly model: string;
    readonly sends: number;
    readonly rateLimited: number;
  })[];
  /** Paid jobs by why they were made: `first`, `fallback`, or the reason of a further one. */
  readonly reasons: readonly { readonly reason: string; readonly jobs: number; readonly credits: number }[];
}

const LISTED_MAX = 100;
const DEAREST_MAX = 10;

/**
 * Figures of the executions that began in a time, with all their steps and jobs. Reads no others: ids begin with their time,
 * so the account's executions of the time are a range of an index, and what belongs to each is another one.
 */
export const stats = {
  async read({ queries }: Database, scope: StatsScope): Promise<Stats> {
    const [runs, dearestRuns, nodeTypes, models, reasons] = await Promise.all([
      sql<RunRow>`
        select grouping(workflow_id)::int as grouping, workflow_id, max(workflow_name) as name, ${outcomes}
        from (select workflow_id, workflow_name, status, ${creditsOfRun} as credits,
            extract(epoch from completed_at - created_at) * 1000 as ms
          from executions where ${within(scope)} and parent_id is null) run
        group by grouping sets ((workflow_id), ()) order by credits desc, count desc`.execute(queries),
      sql<{ readonly id: string; readonly workflow_id: string; readonly credits: number }>`
        select id, workflow_id, credits from (select id, workflow_id, ${creditsOfRun} as credits from executions
          where ${within(scope)} and parent_id is null) run
        where credits > 0 order by credits desc, id limit ${DEAREST_MAX}`.execute(queries),
      sql<OutcomeRow & { readonly node_type: string; readonly attempts: number }>`
        select node_type, sum(attempts)::int as attempts, ${outcomes}
        from (select n.node_type, n.status, n.credits, n.attempts,
            extract(epoch from n.completed_at - n.started_at) * 1000 as ms
          from execution_nodes n join executions on executions.id = n.execution_id
          where ${within(scope)} and n.status in ('COMPLETED', 'FAILED')) step
        group by node_type order by credits desc, count desc limit ${LISTED_MAX}`.execute(queries),
      readModels(queries, scope),
      sql<{ readonly reason: string; readonly jobs: number; readonly credits: number }>`
        select reason, count(*)::int as jobs, sum(credits_charged)::bigint as credits
        from (select j.credits_charged, case when generation = 1 and fallback_from::text <> '[]' then 'fallback'
            else generation_reason end as reason
          from jobs j join executions on executions.id = j.execution_id where ${within(scope)}) job
        group by reason order by credits desc, reason`.execute(queries),
    ]);
    const whole = runs.rows.find(({ grouping }) => grouping === 1);
    return {
      runs: whole ? toOutcomes(whole) : none,
      workflows: runs.rows
        .filter(({ grouping }) => grouping === 0)
        .slice(0, LISTED_MAX)
        .map((row) => ({ workflowId: row.workflow_id ?? '', name: row.name ?? '', ...toOutcomes(row) })),
      dearestRuns: dearestRuns.rows.map(({ id, workflow_id: workflowId, credits }) => ({
        ...{ executionId: id, workflowId, credits },
      })),
      nodeTypes: nodeTypes.rows.map((row) => ({
        ...{ nodeType: row.node_type, attempts: row.attempts },
        ...toOutcomes(row),
      })),
      models: models.map((row) => ({
        ...{ provider: row.provider, model: row.model, sends: row.sends, rateLimited: row.rate_limited },
        ...toOutcomes(row),
      })),
      reasons: reasons.rows,
    };
  },
} as const;

/** What a job has taken is from its sending to its stored result; a step may wait for several. */
async function readModels(queries: Database['queries'], scope: StatsScope) {
  const { rows } = await sql<
    OutcomeRow & {
      readonly provider: string;
      readonly model: string;
      readonly sends: number;
      readonly rate_limited: number;
    }
  >`
    select provider, model, sum(sends)::int as sends, sum(rate_limited)::int as rate_limited, ${outcomes}
    from (select j.provider, j.model, j.credits_charged as credits,
        case j.state when 'SETTLED' then 'COMPLETED' when 'FAILED' then 'FAILED' when 'REJECTED' then 'FAILED' end as status,
        extract(epoch from coalesce(j.stored_at, j.settled_at) - coalesce(j.submitted_at, j.created_at)) * 1000 as ms,
        (select count(*) from job_sends s where s.job_id = j.id) as sends,
        (select count(*) from job_sends s where s.job_id = j.id and s.http_status = 429) as rate_limited
      from jobs j join executions on executions.id = j.execution_id where ${within(scope)}) job
    group by provider, model order by credits desc, count desc limit ${LISTED_MAX}`.execute(queries);
  return rows;
}

function within({ accountId, mode, from, to, ...scope }: StatsScope): RawBuilder<boolean> {
  const workflowId = scope.workflowId ?? null;
  return sql<boolean>`executions.account_id = ${accountId} and executions.mode = ${mode}
    and executions.id >= ${firstIdAt('exe', from)} and executions.id < ${firstIdAt('exe', to)}
    and (${workflowId}::text is null or executions.workflow_id = ${workflowId})`;
}

/** A batch has cost what its items have. Of `executions`. */
export const creditsOfRun = sql<number>`(executions.credits_charged + case when executions.item_count is null then 0
  else (select coalesce(sum(i.credits_charged), 0) from executions i where i.parent_id = executions.id) end)::bigint`;

/** Of rows with `status`, `credits` and `ms`. */
const outcomes = sql`count(*)::int as count,
  count(*) filter (where status = 'COMPLETED')::int as completed,
  count(*) filter (where status = 'FAILED')::int as failed,
  percentile_cont(array[0.5, 0.95, 0.99]) within group (order by ms) filter (where status = 'COMPLETED') as latencies,
  coalesce(sum(credits), 0)::bigint as credits`;

interface OutcomeRow {
  readonly count: number;
  readonly completed: number;
  readonly failed: number;
  readonly latencies: readonly (number | null)[] | null;
  readonly credits: number;
}

interface RunRow extends OutcomeRow {
  readonly grouping: number;
  readonly workflow_id: string | null;
  readonly name: string | null;
}

const none: Outcomes = { count: 0, completed: 0, failed: 0, latencyMs: null, credits: 0 };

function toOutcomes({ count, completed, failed, latencies, credits }: OutcomeRow): Outcomes {
  const [p50, p95, p99] = (latencies ?? []).map((ms) => (ms === null ? undefined : Math.round(ms)));
  const isKnown = p50 !== undefined && p95 !== undefined && p99 !== undefined;
  return { count, completed, failed, latencyMs: isKnown ? { p50, p95, p99 } : null, credits };
}
