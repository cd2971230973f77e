import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * Intents and settlements that come together as statements over sets: one lock, one hold, one charge, one update of the
 * node rows and one event for all of them. What they promise is as in 0006-write-functions.ts. `write_intent` and
 * `write_settlement` stay for workers of the release before. See docs/decisions/2026-11-26-fewer-statements.md.
 */
export const writesOverSets: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [intents, costs, money, settlements]) await sql.raw(statement).execute(database);
  },
};

const intents = `
-- Allocates the generation, under the lock of the execution row; the price is the caller's to reserve:
-- - an open job of the same step and candidate with another request is SUPERSEDED;
-- - the newest job is adopted when its request is the same and it is not definitely failed;
-- - else a new generation is opened, with the reason for it.
-- With a claim token the intent is claimed in the same breath; a repeat with the same token, after a lost reply, still has
-- the claim. With p_past_generation, a new generation after a definite failure of a later one raises EF004.
create function open_generation(p_execution_id text, p_account_id text, p_mode text, p_run_id text, p_job_id text,
  p_step text, p_node_id text, p_node_type text, p_provider text, p_model text, p_request_hash text, p_request json,
  p_price bigint, p_fallback_from json, p_callback_token_hash bytea, p_resubmit_unknown text, p_change_number integer,
  p_node_key text, p_past_generation integer, p_claim_token uuid, p_lease_ms integer, p_credential_id text,
  out job jobs, out is_adopted boolean, out is_claimed boolean, out superseded text[], out is_owed boolean)
language plpgsql as $$
declare
  v_reason text := 'first';
begin
  select * into job from jobs j
  where j.execution_id = p_execution_id and j.step = p_step and j.provider = p_provider and j.model = p_model
  order by j.generation desc limit 1;
  superseded := '{}';
  if found then
    v_reason := case
      when job.request_hash <> p_request_hash then 'changed'
      -- One that failed in place of one of unknown fate leaves that fate as open as before.
      when job.state = 'UNKNOWN' or job.possible_duplicate and job.state in ('REJECTED', 'FAILED')
        then p_resubmit_unknown
      when job.state in ('REJECTED', 'FAILED', 'CANCELLED', 'SUPERSEDED') then 'definite_failure' end;
    if v_reason = 'definite_failure' and job.generation > p_past_generation then
      raise exception using errcode = 'EF004', message = 'an earlier generation failed',
        detail = json_build_object('generation', job.generation)::text;
    end if;
    with given_up as (
      update jobs j
      set state = 'SUPERSEDED',
          -- Never sent, or nobody knows of its job: a late answer or callback opens it again.
          closed_at = case when j.state <> 'STORED' and j.provider_handle is null and not exists (
            select from callbacks c where c.job_id = j.id and c.handled_at is null) then now() end
      where j.execution_id = p_execution_id and j.step = p_step and j.provider = p_provider and j.model = p_model
        and j.state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED')
        and (j.request_hash <> p_request_hash or j.state = 'UNKNOWN' and p_resubmit_unknown is not null)
      returning j.id
    )
    select coalesce(array_agg(id), '{}') into superseded from given_up;
  end if;
  is_adopted := v_reason is null;
  is_claimed := p_claim_token is not null and (not is_adopted or job.state = 'INTENT'
    or job.state = 'SUBMITTING' and job.claim_token = p_claim_token);
  if not is_adopted then
    insert into jobs (id, execution_id, account_id, mode, step, node_id, node_type, provider, model, generation,
      generation_reason, request_hash, request, state, callback_token_hash, price_reserved, possible_duplicate,
      fallback_from, temporal_run_id, claim_token, lease_until, submitted_at, credential_id, change_number, node_key)
    values (p_job_id, p_execution_id, p_account_id, p_mode, p_step, p_node_id, p_node_type, p_provider, p_model,
      coalesce(job.generation, 0) + 1, v_reason, p_request_hash, p_request,
      case when is_claimed then 'SUBMITTING' else 'INTENT' end, p_callback_token_hash, p_price,
      v_reason in ('policy', 'user'), p_fallback_from, p_run_id, p_claim_token,
      case when is_claimed then clock_timestamp() + p_lease_ms * interval '1 millisecond' end,
      case when is_claimed then clock_timestamp() end, case when is_claimed then p_credential_id end,
      p_change_number, p_node_key)
    returning * into job;
  elsif is_claimed then
    update jobs j
    set state = 'SUBMITTING', claim_token = p_claim_token, submitted_at = clock_timestamp(),
        lease_until = clock_timestamp() + p_lease_ms * interval '1 millisecond', credential_id = p_credential_id
    where j.id = job.id
    returning * into job;
  end if;
  -- Money for a job that was sent is owed: its result is collected whatever the hold still covers.
  is_owed := not is_claimed and job.state <> 'INTENT';
end $$;

-- A generation, and its price reserved.
create or replace function open_job(p_execution_id text, p_account_id text, p_mode text, p_run_id text, p_job_id text,
  p_step text, p_node_id text, p_node_type text, p_provider text, p_model text, p_request_hash text, p_request json,
  p_price bigint, p_fallback_from json, p_callback_token_hash bytea, p_resubmit_unknown text, p_change_number integer,
  p_node_key text, p_past_generation integer, p_claim_token uuid, p_lease_ms integer, p_credential_id text,
  out job jobs, out is_adopted boolean, out is_claimed boolean, out superseded text[], out has_changed_hold boolean)
language plpgsql as $$
declare
  v_opened record;
begin
  v_opened := open_generation(p_execution_id, p_account_id, p_mode, p_run_id, p_job_id, p_step, p_node_id, p_node_type,
    p_provider, p_model, p_request_hash, p_request, p_price, p_fallback_from, p_callback_token_hash, p_resubmit_unknown,
    p_change_number, p_node_key, p_past_generation, p_claim_token, p_lease_ms, p_credential_id);
  job := v_opened.job;
  is_adopted := v_opened.is_adopted;
  is_claimed := v_opened.is_claimed;
  superseded := v_opened.superseded;
  has_changed_hold := job.state <> 'SETTLED'
    and reserve_open_jobs(p_execution_id, job.price_reserved, v_opened.is_owed);
end $$;

-- The intents of jobs and their claims, in the order given; the nodes show who serves them. All or none.
create function write_intents(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_job_ids text[],
  p_steps text[], p_node_ids text[], p_node_types text[], p_providers text[], p_models text[], p_request_hashes text[],
  p_requests json[], p_prices bigint[], p_fallback_from json[], p_callback_token_hashes bytea[],
  p_resubmit_unknown text[], p_change_numbers integer[], p_node_keys text[], p_past_generations integer[],
  p_claim_tokens uuid[], p_lease_ms integer[], p_credential_ids text[])
returns table (job jobs, is_adopted boolean, is_claimed boolean, superseded text[]) language plpgsql
as $$
declare
  v_execution record;
  v_opened record;
  -- Of those that are under way from now on: their places in the arrays, the sum of their prices, whether all are owed.
  v_shown integer[] := '{}';
  v_price bigint := 0;
  v_are_owed boolean := true;
  v_has_changed_hold boolean := false;
  v_nodes jsonb;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  if v_execution.status not in ('RUNNING', 'WAITING') then
    raise exception using errcode = 'EF003', message = format('execution %s is %s: no job can be opened for step %s',
      p_execution_id, v_execution.status, p_steps[1]);
  end if;
  for i in 1 .. cardinality(p_job_ids) loop
    v_opened := open_generation(p_execution_id, v_execution.account_id, v_execution.mode, p_run_id, p_job_ids[i],
      p_steps[i], p_node_ids[i], p_node_types[i], p_providers[i], p_models[i], p_request_hashes[i], p_requests[i],
      p_prices[i], p_fallback_from[i], p_callback_token_hashes[i], p_resubmit_unknown[i], p_change_numbers[i],
      p_node_keys[i], p_past_generations[i], p_claim_tokens[i], p_lease_ms[i], p_credential_ids[i]);
    job := v_opened.job;
    is_adopted := v_opened.is_adopted;
    is_claimed := v_opened.is_claimed;
    superseded := v_opened.superseded;
    return next;
    if job.state = 'SETTLED' then continue; end if;
    v_shown := v_shown || i;
    v_price := v_price + job.price_reserved;
    v_are_owed := v_are_owed and v_opened.is_owed;
  end loop;
  if v_shown = '{}' then return; end if;
  v_has_changed_hold := reserve_open_jobs(p_execution_id, v_price, v_are_owed);
  select jsonb_object_agg(n.step, n.status) into v_nodes
  from (
    select array_agg(p_steps[i]) as steps, array_agg(p_node_ids[i]) as node_ids, array_agg('RUNNING'::text) as statuses,
      array_agg(p_providers[i]) as providers, array_agg(p_models[i]) as models,
      array_agg(p_fallback_from[i]) as fallback_from,
      array_fill(null::json, array[cardinality(v_shown)]) as documents,
      array_fill(null::integer, array[cardinality(v_shown)]) as numbers,
      array_fill(null::boolean, array[cardinality(v_shown)]) as flags
    from unnest(v_shown) i
  ) c
  cross join lateral update_nodes(p_execution_id, v_execution.attempt, c.steps, c.node_ids, c.statuses, c.documents,
    c.providers, c.models, c.numbers, c.fallback_from, c.flags, c.documents) n;
  if v_nodes is not null or v_has_changed_hold then
    perform record_event(p_execution_id, 'changed', json_strip_nulls(json_build_object('nodes', v_nodes)));
  end if;
end $$;
`;

const costs = `
-- What the jobs and sends of a step say. In SQL, so that a statement over many steps takes it in.
drop function node_costs;
create function node_costs(p_execution_id text, p_step text)
returns table (attempts integer, credits bigint, possible_duplicate boolean) language sql stable as $$
  select (select count(*)::integer from job_sends s where s.execution_id = p_execution_id and s.step = p_step),
    coalesce(sum(j.credits_charged), 0)::bigint, coalesce(bool_or(j.possible_duplicate), false)
  from jobs j where j.execution_id = p_execution_id and j.step = p_step
$$;

create or replace function refresh_node_costs(p_execution_id text, p_step text, out attempts integer,
  out changed_status text)
language plpgsql as $$
#variable_conflict use_column
declare
  v_costs record;
begin
  select * into v_costs from node_costs(p_execution_id, p_step);
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
-- held → charged for several jobs, an entry each; null when the hold does not cover all: then nothing was posted. Answers
-- the execution's revision, raised by p_raise in the same breath: then the event of that revision is the caller's to append.
create function post_charges(p_execution_id text, p_job_ids text[], p_node_ids text[], p_amounts bigint[],
  p_raise integer)
returns bigint language plpgsql as $$
declare
  v_revision bigint;
  v_sum bigint;
begin
  select sum(amount) into v_sum from unnest(p_amounts) amount;
  with execution as (
    update executions set credits_charged = credits_charged + v_sum, revision = revision + p_raise
    where id = p_execution_id and credits_held - credits_charged - credits_released >= v_sum
    returning id, account_id, mode, revision
  ), balance as (
    update credit_balances b set held = b.held - v_sum
    from execution e where b.account_id = e.account_id and b.mode = e.mode
  ), entry as (
    insert into credit_entries
      (id, account_id, mode, execution_id, job_id, node_id, kind, debit_from, credit_to, amount, posting_key)
    select new_id('ent'), e.account_id, e.mode, e.id, c.job_id, c.node_id, 'charge', 'held', 'charged', c.amount,
      'charge/' || c.job_id
    from execution e, unnest(p_job_ids, p_node_ids, p_amounts) as c(job_id, node_id, amount)
    where c.amount > 0
  )
  select revision into v_revision from execution;
  return v_revision;
end $$;

create or replace function post_charge(p_execution_id text, p_job_id text, p_node_id text, p_amount bigint,
  p_raise integer)
returns bigint language sql as $$
  select post_charges(p_execution_id, array[p_job_id], array[p_node_id], array[p_amount], p_raise)
$$;

-- charge_hold for several jobs. Together where the hold covers all of it; else each by itself, in the order given.
create function charge_holds(p_execution_id text, p_job_ids text[], p_node_ids text[], p_prices_reserved bigint[],
  p_billed bigint[], p_raise integer, out amounts bigint[], out revision bigint)
language plpgsql as $$
declare
  v_charge record;
begin
  select array_agg(greatest(least(billed, price), 0) order by place) into amounts
  from unnest(p_billed, p_prices_reserved) with ordinality as c(billed, price, place);
  if 0 = all (amounts) then return; end if;
  revision := post_charges(p_execution_id, p_job_ids, p_node_ids, amounts, p_raise);
  if revision is not null then return; end if;
  for i in 1 .. cardinality(p_job_ids) loop
    v_charge := charge_hold(p_execution_id, p_job_ids[i], p_node_ids[i], p_prices_reserved[i], p_billed[i],
      case when revision is null then p_raise else 0 end);
    amounts[i] := v_charge.amount;
    revision := coalesce(revision, v_charge.revision);
  end loop;
end $$;
`;

const settlements = `
-- SUBMITTING, ACCEPTED, UNKNOWN or STORED → SETTLED: states, charges, sends and node rows together. Whoever has a result
-- may settle, claim or not: the provider has been paid for it. Once is enough, a later call answers the first result and
-- shows it at the node, which another attempt may not know yet. With p_raise a charge raises the revision too: then the
-- event of that revision is the caller's to append. Arrays out are in the order of those that came in.
create function settle_jobs(p_execution_id text, p_attempt integer, p_status text, p_job_ids text[], p_outputs json[],
  p_credits bigint[], p_outcomes text[], p_latency_ms integer[], p_started_at timestamptz[], p_raise integer,
  out settled_outputs json[], out credits_charged bigint[], out attempts integer[], out are_first boolean[],
  out changed_nodes jsonb, out revision bigint)
-- One plan for any number of results: the planner would take a better one for each number, and plan every time. It is made
-- when the tables may be all but empty, and used when they are not: by keys alone.
language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_refused record;
  v_first record;
  v_charges record;
  v_costs record;
  v_place bigint;
  v_changed_status text;
begin
  select array_agg(coalesce(c.is_open and c.has_outputs and c.number = 1, false) order by c.place),
    min(c.place) filter (where not coalesce(c.is_open and c.has_outputs, false) and c.state is distinct from 'SETTLED')
  into are_first, v_place
  from (
    select c.place, j.state, j.state in ('SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED') as is_open,
      coalesce(c.outputs, j.outputs) is not null as has_outputs,
      row_number() over (partition by c.job_id order by c.place) as number
    from unnest(p_job_ids, p_outputs) with ordinality as c(job_id, outputs, place)
    left join jobs j on j.id = c.job_id and j.execution_id = p_execution_id
  ) c;
  if v_place is not null then
    select j.state into v_refused from jobs j where j.id = p_job_ids[v_place] and j.execution_id = p_execution_id;
    raise exception using errcode = 'EF003', message = format('job %s cannot be settled: it is %s%s',
      p_job_ids[v_place], coalesce(v_refused.state, 'not of this execution'),
      case when v_refused.state in ('SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED') then ' without outputs' else '' end);
  end if;
  if true = any (are_first) then
    insert into job_sends (id, job_id, execution_id, step, provider, model, number, outcome, latency_ms, started_at)
    select new_id('snd'), j.id, j.execution_id, j.step, j.provider, j.model,
      1 + (select count(*) from job_sends s where s.job_id = j.id), c.outcome, c.latency_ms, c.started_at
    from unnest(p_job_ids, are_first, p_outcomes, p_latency_ms, p_started_at)
      as c(job_id, is_first, outcome, latency_ms, started_at)
    join jobs j on j.id = c.job_id
    where c.is_first and c.outcome is not null;
    select array_agg(j.id order by c.place) as job_ids, array_agg(j.node_id order by c.place) as node_ids,
      array_agg(j.price_reserved order by c.place) as prices, array_agg(c.credits order by c.place) as billed,
      array_agg(c.place order by c.place) as places
    into v_first
    from unnest(p_job_ids, p_credits, are_first) with ordinality as c(job_id, credits, is_first, place)
    join jobs j on j.id = c.job_id
    where c.is_first;
    v_charges := charge_holds(p_execution_id, v_first.job_ids, v_first.node_ids, v_first.prices, v_first.billed, p_raise);
    revision := case when p_raise > 0 then v_charges.revision end;
    update jobs j
    set state = 'SETTLED', outputs = coalesce(p_outputs[c.place], j.outputs), stored_at = coalesce(j.stored_at, now()),
        settled_at = now(), lease_until = null, failure = null, credits_charged = c.amount
    from unnest(v_first.job_ids, v_first.places, v_charges.amounts) as c(job_id, place, amount)
    where j.id = c.job_id;
  end if;
  select array_agg(j.step order by c.place) as steps, array_agg(j.node_id order by c.place) as node_ids,
    array_agg('COMPLETED'::text) as statuses, array_agg(j.outputs order by c.place) as outputs,
    array_agg(j.provider order by c.place) as providers, array_agg(j.model order by c.place) as models,
    array_agg(n.attempts order by c.place) as attempts,
    array_agg(j.fallback_from order by c.place) as fallback_from, array_agg(n.credits order by c.place) as credits,
    array_agg(j.credits_charged order by c.place) as charged,
    array_agg(n.possible_duplicate order by c.place) as possible_duplicates,
    array_fill(null::boolean, array[cardinality(p_job_ids)]) as flags,
    array_fill(null::json, array[cardinality(p_job_ids)]) as documents
  into v_costs
  from unnest(p_job_ids) with ordinality as c(job_id, place)
  join jobs j on j.id = c.job_id
  cross join lateral node_costs(p_execution_id, j.step) n;
  settled_outputs := v_costs.outputs;
  credits_charged := v_costs.charged;
  attempts := v_costs.attempts;
  changed_nodes := '{}';
  if p_status in ('RUNNING', 'WAITING') then
    select coalesce(jsonb_object_agg(n.step, n.status), '{}') into changed_nodes
    from update_nodes(p_execution_id, p_attempt, v_costs.steps, v_costs.node_ids, v_costs.statuses, v_costs.outputs,
      v_costs.providers, v_costs.models, v_costs.attempts, v_costs.fallback_from, v_costs.flags, v_costs.documents,
      v_costs.credits, v_costs.possible_duplicates) n;
  end if;
  -- A node that keeps its state does not keep what it has cost.
  for i in 1 .. cardinality(p_job_ids) loop
    if changed_nodes ? v_costs.steps[i] then continue; end if;
    select c.changed_status into v_changed_status from refresh_node_costs(p_execution_id, v_costs.steps[i]) c;
    if v_changed_status is not null then
      changed_nodes := changed_nodes || jsonb_build_object(v_costs.steps[i], v_changed_status);
    end if;
  end loop;
end $$;

create or replace function settle_job(p_execution_id text, p_attempt integer, p_status text, p_job_id text,
  p_outputs json, p_credits bigint, p_outcome text, p_latency_ms integer, p_started_at timestamptz,
  p_raise integer default 0,
  out job jobs, out attempts integer, out is_first boolean, out changed_nodes jsonb, out revision bigint)
language plpgsql as $$
declare
  v_settled record;
begin
  v_settled := settle_jobs(p_execution_id, p_attempt, p_status, array[p_job_id], array[p_outputs], array[p_credits],
    array[p_outcome], array[p_latency_ms], array[p_started_at], p_raise);
  select * into job from jobs j where j.id = p_job_id;
  attempts := v_settled.attempts[1];
  is_first := v_settled.are_first[1];
  changed_nodes := v_settled.changed_nodes;
  revision := v_settled.revision;
end $$;

-- Paid results, in the order given. All or none.
create function write_settlements(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_job_ids text[],
  p_outputs json[], p_credits bigint[], p_outcomes text[], p_latency_ms integer[], p_started_at timestamptz[])
returns table (outputs json, credits_charged bigint, attempts integer, is_first boolean) language plpgsql
as $$
declare
  v_execution record;
  v_settled record;
  v_event json;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  v_settled := settle_jobs(p_execution_id, v_execution.attempt, v_execution.status, p_job_ids, p_outputs, p_credits,
    p_outcomes, p_latency_ms, p_started_at, 1);
  v_event := case when v_settled.changed_nodes = '{}' then '{}'
    else json_build_object('nodes', v_settled.changed_nodes) end;
  if v_settled.revision is not null then
    perform append_event(p_execution_id, v_settled.revision, v_execution.status, 'changed', v_event);
  elsif v_settled.changed_nodes <> '{}' then
    perform record_event(p_execution_id, 'changed', v_event);
  end if;
  return query select * from unnest(v_settled.settled_outputs, v_settled.credits_charged, v_settled.attempts,
    v_settled.are_first);
end $$;
`;
