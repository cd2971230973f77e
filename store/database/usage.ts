import { sql } from 'kysely';
import type { Mode } from '../../workflows/contract';
import { firstIdAt } from '../ids';
import type { Database } from './database';

/** What an account has used in one mode within a time. */
export interface Usage {
  readonly executions: Readonly<Record<'started' | 'completed' | 'failed' | 'cancelled', number>>;
  readonly credits: number;
  readonly jobs: number;
  /** Days (UTC) on which something was charged, the earliest first. */
  readonly days: readonly (UsageSum & { readonly day: string })[];
  /** The dearest first. */
  readonly models: readonly (UsageSum & { readonly provider: string; readonly model: string })[];
  readonly nodeTypes: readonly (UsageSum & { readonly nodeType: string })[];
}

export interface UsageSum {
  readonly credits: number;
  /** Paid jobs. */
  readonly jobs: number;
}

export interface UsageWindow {
  readonly accountId: string;
  readonly mode: Mode;
  /** Included. */
  readonly from: Date;
  /** Excluded. */
  readonly to: Date;
}

interface SumRow {
  readonly grouping: number;
  readonly day: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly node_type: string | null;
  readonly credits: number;
  readonly jobs: number;
}

/** Bits of `grouping(day, model, node_type)`: which column a row is not a sum over. */
const BY = { day: 0b011, model: 0b101, nodeType: 0b110, all: 0b111 } as const;

export const usage = {
  /** Jobs count by the time they were charged, executions by the time they began. */
  async read(database: Database, window: UsageWindow): Promise<Usage> {
    const [sums, executions] = await Promise.all([
      readSums(database, window),
      readExecutions(database, window),
    ]);
    const of = (grouping: number): readonly SumRow[] => sums.filter((row) => row.grouping === grouping);
    const [all] = of(BY.all);
    return {
      executions,
      credits: all?.credits ?? 0,
      jobs: all?.jobs ?? 0,
      days: of(BY.day).map(({ day, credits, jobs }) => ({ day: day ?? '', credits, jobs })),
      models: of(BY.model)
        .map(({ provider, model, credits, jobs }) => ({
          provider: provider ?? '',
          model: model ?? '',
          credits,
          jobs,
        }))
        .sort(dearestFirst),
      nodeTypes: of(BY.nodeType)
        .map(({ node_type: nodeType, credits, jobs }) => ({ nodeType: nodeType ?? '', credits, jobs }))
        .sort(dearestFirst),
    };
  },
} as const;

/** From the ledger, so that the sums are what the balance has lost. */
async function readSums(
  database: Database,
  { accountId, mode, from, to }: UsageWindow,
): Promise<readonly SumRow[]> {
  const { rows } = await sql<SumRow>`
    with charged as (
      select (entry.created_at at time zone 'UTC')::date::text as day, provider, model, node_type, entry.job_id,
        case when credit_to = 'charged' then amount else -amount end as amount
      from credit_entries entry
      join jobs on jobs.id = entry.job_id
      where entry.account_id = ${accountId} and entry.mode = ${mode} and 'charged' in (debit_from, credit_to)
        and entry.id >= ${firstIdAt('ent', from)} and entry.id < ${firstIdAt('ent', to)}
    )
    select grouping(day, model, node_type)::int as grouping, day, provider, model, node_type,
      coalesce(sum(amount), 0)::bigint as credits, count(distinct job_id)::int as jobs
    from charged
    group by grouping sets ((day), (provider, model), (node_type), ())
    order by day`.execute(database.queries);
  return rows;
}

async function readExecutions(
  database: Database,
  { accountId, mode, from, to }: UsageWindow,
): Promise<Usage['executions']> {
  const { rows } = await sql<{ readonly status: string; readonly count: number }>`
    select status, count(*)::int as count from executions
    where account_id = ${accountId} and mode = ${mode}
      and id >= ${firstIdAt('exe', from)} and id < ${firstIdAt('exe', to)}
      -- A batch counts as one execution.
      and parent_id is null
    group by status`.execute(database.queries);
  const counted = (status: string): number => rows.find((row) => row.status === status)?.count ?? 0;
  return {
    started: rows.reduce((sum, row) => sum + row.count, 0),
    completed: counted('COMPLETED'),
    failed: counted('FAILED'),
    cancelled: counted('CANCELLED'),
  };
}

function dearestFirst(left: UsageSum, right: UsageSum): number {
  return right.credits - left.credits;
}
