import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * The writes of a paid step with fewer statements inside, and each row of theirs written once; what they promise is as in
 * 0006-write-functions.ts. Lists of allowed words are domains: a CHECK of a table is read from its text again by every
 * statement that writes a row, a domain's once per connection. (Not that of `executions.status`: triggers name it.) See docs/decisions/2026-11-26-fewer-statements.md.
 */
export const fewerStatements: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [...wordLists(), events, nodes, money, settlement])
      await sql.raw(statement).execute(database);
  },
};

interface WordList {
  readonly words: readonly string[];
  /** `table.column` */
  readonly columns: readonly string[];
}

const WORD_LISTS: Readonly<Record<string, WordList>> = {
  mode_word: {
    words: ['live', 'test'],
    columns: ['executions.mode', 'jobs.mode', 'credit_balances.mode', 'credit_entries.mode'],
  },
  node_status_word: {
    words: ['PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'],
    columns: ['execution_nodes.status'],
  },
  job_state_word: {
    words: [
      ...['INTENT', 'SUBMITTING', 'ACCEPTED', 'STORED', 'SETTLED'],
      ...['REJECTED', 'FAILED', 'UNKNOWN', 'CANCELLED', 'SUPERSEDED'],
    ],
    columns: ['jobs.state'],
  },
  generation_reason_word: {
    words: ['first', 'definite_failure', 'changed', 'policy', 'user'],
    columns: ['jobs.generation_reason'],
  },
  send_outcome_word: {
    words: ['accepted', 'rejected', 'ambiguous', 'completed'],
    columns: ['job_sends.outcome'],
  },
  entry_kind_word: {
    words: ['grant', 'hold', 'charge', 'release', 'refund'],
    columns: ['credit_entries.kind'],
  },
  credit_place_word: {
    words: ['granted', 'available', 'held', 'charged'],
    columns: ['credit_entries.debit_from', 'credit_entries.credit_to'],
  },
};

/** Each list becomes a domain, which takes the place of the columns' own checks. */
function wordLists(): string[] {
  return Object.entries(WORD_LISTS).flatMap(([domain, { words, columns }]) => [
    `create domain ${domain} as text check (value in (${words.map((word) => `'${word}'`).join(', ')}))`,
    ...columns.map((name) => {
      const [table = '', column = ''] = name.split('.');
      return `alter table ${table} drop constraint ${table}_${column}_check, alter column ${column} type ${domain}`;
    }),
  ]);
}

const events = `
-- Appends the event of a revision that the row has already, and tells the listeners when the transaction commits.
create function append_event(p_execution_id text, p_revision bigint, p_status text, p_type text, p_data json)
returns void language plpgsql as $$
begin
  insert into events (execution_id, revision, type, data) values (p_execution_id, p_revision, p_type, p_data);
  perform pg_notify('everframe_execution', p_execution_id || ' ' || p_revision || ' ' || p_status);
end $$;

create or replace function record_event(p_execution_id text, p_type text, p_data json) returns void
language plpgsql as $$
declare
  v_revision bigint;
  v_status text;
begin
  with raised as (
    update executions set revision = revision + 1 where id = p_execution_id returning id, revision, status
  ), appended as (
    insert into events (execution_id, revision, type, data) select id, revision, p_type, p_data from raised
  )
  select revision, status into v_revision, v_status from raised;
  perform pg_notify('everframe_execution', p_execution_id || ' ' || v_revision || ' ' || v_status);
end $$;
`;

const nodes = `
-- As before; credits and the duplicate flag may be written with the status.
drop function update_nodes;
create function update_nodes(p_execution_id text, p_attempt integer, p_steps text[], p_node_ids text[], p_statuses text[],
  p_outputs json[], p_providers text[], p_models text[], p_attempts integer[], p_fallback_from json[], p_cached boolean[],
  p_errors json[], p_credits bigint[] default null, p_possible_duplicates boolean[] default null)
returns table (step text, status text) language plpgsql as $$
#variable_conflict use_column
begin
  -- A step inside a loop gets a row of its own, made after its node's.
  if p_steps is distinct from p_node_ids then
    insert into execution_nodes
      (execution_id, step, node_id, position, node_type, label, node_key, is_output, run_attempt)
    select n.execution_id, c.step, n.node_id, n.position, n.node_type, n.label, n.node_key, false, p_attempt
    from unnest(p_steps, p_node_ids) as c(step, node_id)
    join execution_nodes n on n.execution_id = p_execution_id and n.step = c.node_id
    where c.step <> c.node_id
    on conflict do nothing;
  end if;
  return query
  update execution_nodes n
  set status = c.status,
      outputs = case when c.status = 'COMPLETED' then coalesce(c.outputs, n.outputs) else c.outputs end,
      provider = coalesce(c.provider, n.provider),
      model = coalesce(c.model, n.model),
      attempts = coalesce(c.attempts, n.attempts),
      fallback_from = coalesce(c.fallback_from, n.fallback_from),
      cached = coalesce(c.cached, n.cached),
      error = c.error,
      credits = coalesce(c.credits, n.credits),
      possible_duplicate = coalesce(c.possible_duplicate, n.possible_duplicate),
      run_attempt = p_attempt,
      started_at = case when c.status in ('RUNNING', 'WAITING', 'COMPLETED', 'FAILED')
        then coalesce(n.started_at, now()) else n.started_at end,
      completed_at = case when c.status in ('PENDING', 'RUNNING', 'WAITING') then null else now() end
  from unnest(p_steps, p_statuses, p_outputs, p_providers, p_models, p_attempts, p_fallback_from, p_cached, p_errors,
      p_credits, p_possible_duplicates)
    as c(step, status, outputs, provider, model, attempts, fallback_from, cached, error, credits, possible_duplicate)
  where n.execution_id = p_execution_id and n.step = c.step and case
    when n.status = 'COMPLETED' then n.run_attempt < p_attempt and (
      c.status in ('FAILED', 'SKIPPED', 'CANCELLED')
      or c.status = 'COMPLETED' and c.outputs::text <> n.outputs::text)
    when node_height(c.status) = node_height(n.status) then
      (c.status, coalesce(c.provider, n.provider), coalesce(c.model, n.model), coalesce(c.attempts, n.attempts),
        c.error::text)
      is distinct from (n.status, n.provider, n.model, n.attempts, n.error::text)
    else node_height(c.status) > node_height(n.status) end
  returning n.step, n.status::text;
end $$;

-- What the jobs and sends of a step say.
create function node_costs(p_execution_id text, p_step text, out attempts integer, out credits bigint,
  out possible_duplicate boolean)
language plpgsql as $$
#variable_conflict use_column
begin
  select (select count(*) from job_sends s where s.execution_id = p_execution_id and s.step = p_step),
    coalesce(sum(j.credits_charged), 0), coalesce(bool_or(j.possible_duplicate), false)
  into attempts, credits, possible_duplicate
  from jobs j where j.execution_id = p_execution_id and j.step = p_step;
end $$;

create or replace function refresh_node_costs(p_execution_id text, p_step text, out attempts integer,
  out changed_status text)
language plpgsql as $$
#variable_conflict use_column
declare
  v_costs record;
begin
  v_costs := node_costs(p_execution_id, p_step);
  update execution_nodes n
  set attempts = v_costs.attempts, credits = v_costs.credits, possible_duplicate = v_costs.possible_duplicate
  where n.execution_id = p_execution_id and n.step = p_step
    and (n.attempts, n.credits, n.possible_duplicate)
      is distinct from (v_costs.attempts, v_costs.credits, v_costs.possible_duplicate)
  returning n.status into changed_status;
  attempts := v_costs.attempts;
end $$;
`;

const money = `
-- held → charged; null when the hold does not cover it: then nothing was posted. Answers the execution's revision, raised
-- by p_raise in the same breath: then the event of that revision is the caller's to append.
drop function post_charge;
create function post_charge(p_execution_id text, p_job_id text, p_node_id text, p_amount bigint, p_raise integer)
returns bigint language plpgsql as $$
declare
  v_revision bigint;
begin
  with execution as (
    update executions set credits_charged = credits_charged + p_amount, revision = revision + p_raise
    where id = p_execution_id and credits_held - credits_charged - credits_released >= p_amount
    returning id, account_id, mode, revision
  ), balance as (
    update credit_balances b set held = b.held - p_amount
    from execution e where b.account_id = e.account_id and b.mode = e.mode
  ), entry as (
    insert into credit_entries
      (id, account_id, mode, execution_id, job_id, node_id, kind, debit_from, credit_to, amount, posting_key)
    select new_id('ent'), account_id, mode, id, p_job_id, p_node_id, 'charge', 'held', 'charged', p_amount,
      'charge/' || p_job_id
    from execution
  )
  select revision into v_revision from execution;
  return v_revision;
end $$;

-- held → charged for one job, never above its reserved price; its row is the caller's to write. A hold that does not cover
-- it (the execution had ended and released it) is extended from what is available; what even that does not cover is not
-- charged: settling a paid result must never fail for money. The revision is null when nothing was charged.
create function charge_hold(p_execution_id text, p_job_id text, p_node_id text, p_price_reserved bigint, p_billed bigint,
  p_raise integer, out amount bigint, out revision bigint)
language plpgsql as $$
declare
  v_held bigint;
begin
  amount := greatest(least(p_billed, p_price_reserved), 0);
  if amount = 0 then return; end if;
  revision := post_charge(p_execution_id, p_job_id, p_node_id, amount, p_raise);
  if revision is not null then return; end if;
  select credits_held - credits_charged - credits_released into v_held from executions where id = p_execution_id;
  amount := v_held + hold_credits(p_execution_id, 0, amount - v_held);
  if amount > 0 then revision := post_charge(p_execution_id, p_job_id, p_node_id, amount, p_raise); end if;
  if revision is null then amount := 0; end if;
end $$;

create or replace function charge_job(p_execution_id text, p_job_id text, p_node_id text, p_price_reserved bigint,
  p_billed bigint)
returns bigint language plpgsql as $$
declare
  v_charge record;
begin
  v_charge := charge_hold(p_execution_id, p_job_id, p_node_id, p_price_reserved, p_billed, 0);
  if v_charge.amount > 0 then update jobs set credits_charged = v_charge.amount where id = p_job_id; end if;
  return v_charge.amount;
end $$;

create or replace function reserve_open_jobs(p_execution_id text, p_price bigint, p_is_owed boolean) returns boolean
language plpgsql as $$
declare
  v_shortage bigint;
  v_over_budget bigint;
  v_held bigint;
begin
  select r.reserved - (e.credits_held - e.credits_charged - e.credits_released),
    coalesce(e.credits_charged + r.reserved - e.budget_credits, 0)
  into v_shortage, v_over_budget
  from executions e, (
    select coalesce(sum(j.price_reserved), 0)::bigint as reserved from jobs j
    where j.execution_id = p_execution_id and j.state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED')) r
  where e.id = p_execution_id;
  if v_over_budget > 0 and not p_is_owed then
    raise exception using errcode = 'EF002', message = 'the budget does not cover the next job',
      detail = json_build_object('limit', 'budget', 'neededCredits', p_price,
        'availableCredits', greatest(p_price - v_over_budget, 0))::text;
  end if;
  if v_shortage <= 0 then return false; end if;
  v_held := hold_credits(p_execution_id, case when p_is_owed then 0 else v_shortage end, v_shortage);
  if v_held is null then
    raise exception using errcode = 'EF002', message = 'the balance does not cover the next job',
      detail = json_build_object('limit', 'balance', 'neededCredits', v_shortage, 'availableCredits', coalesce((
        select b.available from executions e
        join credit_balances b on b.account_id = e.account_id and b.mode = e.mode
        where e.id = p_execution_id), 0))::text;
  end if;
  return v_held > 0;
end $$;
`;

const settlement = `
-- As before: state, charge, send and node row together, once. With p_raise a charge raises the revision too: then the
-- event of that revision is the caller's to append.
drop function settle_job;
create function settle_job(p_execution_id text, p_attempt integer, p_status text, p_job_id text, p_outputs json,
  p_credits bigint, p_outcome text, p_latency_ms integer, p_started_at timestamptz, p_raise integer default 0,
  out job jobs, out attempts integer, out is_first boolean, out changed_nodes jsonb, out revision bigint)
language plpgsql as $$
declare
  v_charge record;
  v_costs record;
  v_changed_status text;
begin
  select * into job from jobs j where j.id = p_job_id and j.execution_id = p_execution_id;
  is_first := coalesce(job.state in ('SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED'), false)
    and coalesce(p_outputs, job.outputs) is not null;
  if is_first then
    if p_outcome is not null then
      perform append_send(p_execution_id, p_job_id, p_outcome, null, null, null, p_latency_ms, p_started_at);
    end if;
    v_charge := charge_hold(p_execution_id, job.id, job.node_id, job.price_reserved, p_credits, p_raise);
    revision := case when p_raise > 0 then v_charge.revision end;
    update jobs j
    set state = 'SETTLED', outputs = coalesce(p_outputs, j.outputs), stored_at = coalesce(j.stored_at, now()),
        settled_at = now(), lease_until = null, failure = null, credits_charged = v_charge.amount
    where j.id = p_job_id
    returning * into job;
  elsif job.state is distinct from 'SETTLED' then
    raise exception using errcode = 'EF003', message = format('job %s cannot be settled: it is %s%s', p_job_id,
      coalesce(job.state, 'not of this execution'),
      case when job.state in ('SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED') then ' without outputs' else '' end);
  end if;
  changed_nodes := '{}';
  v_costs := node_costs(p_execution_id, job.step);
  attempts := v_costs.attempts;
  if p_status in ('RUNNING', 'WAITING') then
    select coalesce(jsonb_object_agg(n.step, n.status), '{}') into changed_nodes
    from update_nodes(p_execution_id, p_attempt, array[job.step], array[job.node_id], array['COMPLETED'],
      array[job.outputs], array[job.provider], array[job.model], array[v_costs.attempts], array[job.fallback_from],
      array[null]::boolean[], array[null]::json[], array[v_costs.credits], array[v_costs.possible_duplicate]) n;
  end if;
  if changed_nodes <> '{}' then return; end if;
  -- The node keeps its state, but not what it has cost.
  select c.changed_status into v_changed_status from refresh_node_costs(p_execution_id, job.step) c;
  if v_changed_status is not null then changed_nodes := jsonb_build_object(job.step, v_changed_status); end if;
end $$;

create or replace function write_settlement(p_execution_id text, p_run_id text, p_continued_from_run_id text,
  p_job_id text, p_outputs json, p_credits bigint, p_outcome text, p_latency_ms integer, p_started_at timestamptz,
  out job jobs, out attempts integer, out is_first boolean)
language plpgsql as $$
declare
  v_execution record;
  v_settled record;
  v_event json;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  v_settled := settle_job(p_execution_id, v_execution.attempt, v_execution.status, p_job_id, p_outputs, p_credits,
    p_outcome, p_latency_ms, p_started_at, 1);
  job := v_settled.job;
  attempts := v_settled.attempts;
  is_first := v_settled.is_first;
  v_event := case when v_settled.changed_nodes = '{}' then '{}'
    else json_build_object('nodes', v_settled.changed_nodes) end;
  if v_settled.revision is not null then
    perform append_event(p_execution_id, v_settled.revision, v_execution.status, 'changed', v_event);
  elsif v_settled.changed_nodes <> '{}' then
    perform record_event(p_execution_id, 'changed', v_event);
  end if;
end $$;
`;
