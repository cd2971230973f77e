import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * The writes of a paid step as functions: each is one statement, so the lock of the execution row is held for one round
 * trip in place of nine. Every statement inside sees what was committed before it (READ COMMITTED), as the statements of
 * a transaction would. See docs/decisions, "The hot writes are functions of the database".
 *
 * What a caller must tell apart is raised with a code of its own, read by store-error.ts: EF001 the fence, EF002 the
 * budget or the balance, EF003 a state that excludes the call, EF004 an earlier failure, EF404 no such execution.
 */
export const writeFunctions: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [common, nodes, money, jobs, writes]) await sql.raw(statement).execute(database);
  },
};

const common = `
create function new_id(p_prefix text) returns text language sql volatile
  return p_prefix || '_' || replace(uuidv7()::text, '-', '');

-- Locks the row and lets the scope's Temporal run through the fence, or raises EF001.
create function lock_execution(p_execution_id text, p_run_id text, p_continued_from_run_id text,
  out account_id text, out mode text, out attempt integer, out status text, out is_cancel_requested boolean)
language plpgsql as $$
declare
  v_current text;
  v_past text[];
begin
  select e.account_id, e.mode, e.attempt, e.status, e.cancel_requested_at is not null, e.temporal_run_id, e.past_run_ids
  into account_id, mode, attempt, status, is_cancel_requested, v_current, v_past
  from executions e where e.id = p_execution_id for no key update;
  if not found then
    raise exception using errcode = 'EF404', message = 'no such execution',
      detail = json_build_object('executionId', p_execution_id)::text;
  end if;
  if v_current = p_run_id then return; end if;
  -- One that ended before it had a run was closed on purpose: a run that comes too late must not pay for it.
  if p_run_id = any (v_past) or v_current is null and status not in ('RUNNING', 'WAITING')
    or v_current is distinct from null and v_current is distinct from p_continued_from_run_id then
    raise exception using errcode = 'EF001', message = 'another Temporal run holds the execution',
      detail = json_build_object('executionId', p_execution_id, 'runId', p_run_id, 'currentRunId', v_current,
        'isPast', p_run_id = any (v_past) or v_current is null)::text;
  end if;
  update executions e
  set temporal_run_id = p_run_id, start_requested_at = null,
      past_run_ids = case when v_current is null then e.past_run_ids else array_append(e.past_run_ids, v_current) end
  where e.id = p_execution_id;
end $$;

-- Raises the revision by one, appends its event and tells the listeners when the transaction commits.
create function record_event(p_execution_id text, p_type text, p_data json) returns void language plpgsql as $$
declare
  v_revision bigint;
  v_status text;
begin
  update executions set revision = revision + 1 where id = p_execution_id returning revision, status
  into v_revision, v_status;
  insert into events (execution_id, revision, type, data) values (p_execution_id, v_revision, p_type, p_data);
  perform pg_notify('everframe_execution', p_execution_id || ' ' || v_revision || ' ' || v_status);
end $$;
`;

const nodes = `
create function node_height(p_status text) returns integer language sql immutable
  return case p_status when 'PENDING' then 0 when 'RUNNING' then 1 when 'WAITING' then 2 when 'COMPLETED' then 4 else 3 end;

-- Sets node rows. A row changes only when
-- - it moves forward (PENDING, then RUNNING, then WAITING, then FAILED, SKIPPED or CANCELLED, then COMPLETED), or
-- - it stays at its height and something of it is new, or
-- - it was completed by an earlier attempt and this attempt ended the node otherwise.
-- So a stale whole-state vector that comes after a settled job undoes nothing. Arrays and not JSON records: those would
-- decode strings inside documents, and refuse NUL.
create function update_nodes(p_execution_id text, p_attempt integer, p_steps text[], p_node_ids text[], p_statuses text[],
  p_outputs json[], p_providers text[], p_models text[], p_attempts integer[], p_fallback_from json[], p_cached boolean[],
  p_errors json[])
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
      run_attempt = p_attempt,
      started_at = case when c.status in ('RUNNING', 'WAITING', 'COMPLETED', 'FAILED')
        then coalesce(n.started_at, now()) else n.started_at end,
      completed_at = case when c.status in ('PENDING', 'RUNNING', 'WAITING') then null else now() end
  from unnest(p_steps, p_statuses, p_outputs, p_providers, p_models, p_attempts, p_fallback_from, p_cached, p_errors)
    as c(step, status, outputs, provider, model, attempts, fallback_from, cached, error)
  where n.execution_id = p_execution_id and n.step = c.step and case
    when n.status = 'COMPLETED' then n.run_attempt < p_attempt and (
      c.status in ('FAILED', 'SKIPPED', 'CANCELLED')
      or c.status = 'COMPLETED' and c.outputs::text <> n.outputs::text)
    when node_height(c.status) = node_height(n.status) then
      (c.status, coalesce(c.provider, n.provider), coalesce(c.model, n.model), coalesce(c.attempts, n.attempts),
        c.error::text)
      is distinct from (n.status, n.provider, n.model, n.attempts, n.error::text)
    else node_height(c.status) > node_height(n.status) end
  returning n.step, n.status;
end $$;

-- Brings attempts, credits and the duplicate flag of a node up to what its jobs and sends say.
create function refresh_node_costs(p_execution_id text, p_step text, out attempts integer, out changed_status text)
language plpgsql as $$
#variable_conflict use_column
declare
  v_attempts integer;
  v_credits bigint;
  v_possible_duplicate boolean;
begin
  select count(*) into v_attempts from job_sends where execution_id = p_execution_id and step = p_step;
  select coalesce(sum(credits_charged), 0), coalesce(bool_or(possible_duplicate), false)
  into v_credits, v_possible_duplicate
  from jobs where execution_id = p_execution_id and step = p_step;
  update execution_nodes n
  set attempts = v_attempts, credits = v_credits, possible_duplicate = v_possible_duplicate
  where n.execution_id = p_execution_id and n.step = p_step
    and (n.attempts, n.credits, n.possible_duplicate) is distinct from (v_attempts, v_credits, v_possible_duplicate)
  returning n.status into changed_status;
  attempts := v_attempts;
end $$;
`;

const money = `
-- available → held, as much as there is up to the maximum; nothing at all below the minimum.
-- Null when the balance is below the minimum.
create function hold_credits(p_execution_id text, p_minimum bigint, p_maximum bigint) returns bigint language plpgsql as $$
declare
  v_amount bigint;
  v_execution executions;
begin
  update credit_balances b
  set available = b.available - least(b.available, p_maximum), held = b.held + least(b.available, p_maximum)
  from executions e
  where e.id = p_execution_id and b.account_id = e.account_id and b.mode = e.mode and b.available >= p_minimum
  returning old.available - new.available into v_amount;
  -- An account that was never granted anything has no balance row.
  if not found then return case when p_minimum = 0 then 0 end; end if;
  if v_amount = 0 then return 0; end if;
  with held as (
    update executions set credits_held = credits_held + v_amount, hold_number = hold_number + 1
    where id = p_execution_id
    returning id, account_id, mode, hold_number
  )
  insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
  select new_id('ent'), account_id, mode, id, 'hold', 'available', 'held', v_amount, 'hold/' || id || '/' || hold_number
  from held;
  return v_amount;
end $$;

-- held → charged; false when the hold does not cover it: then nothing was posted.
create function post_charge(p_execution_id text, p_job_id text, p_node_id text, p_amount bigint) returns boolean
language plpgsql as $$
begin
  with execution as (
    update executions set credits_charged = credits_charged + p_amount
    where id = p_execution_id and credits_held - credits_charged - credits_released >= p_amount
    returning id, account_id, mode
  ), balance as (
    update credit_balances b set held = b.held - p_amount
    from execution e where b.account_id = e.account_id and b.mode = e.mode
  ), charged as (
    update jobs j set credits_charged = p_amount from execution where j.id = p_job_id
  )
  insert into credit_entries
    (id, account_id, mode, execution_id, job_id, node_id, kind, debit_from, credit_to, amount, posting_key)
  select new_id('ent'), account_id, mode, id, p_job_id, p_node_id, 'charge', 'held', 'charged', p_amount,
    'charge/' || p_job_id
  from execution;
  return found;
end $$;

-- held → charged for one job, never above its reserved price. A hold that does not cover it (the execution had ended and
-- released it) is extended from what is available; what even that does not cover is not charged: settling a paid result
-- must never fail for money. Answers the amount charged.
create function charge_job(p_execution_id text, p_job_id text, p_node_id text, p_price_reserved bigint, p_billed bigint)
returns bigint language plpgsql as $$
declare
  v_wanted bigint := greatest(least(p_billed, p_price_reserved), 0);
  v_held bigint;
begin
  if v_wanted = 0 or post_charge(p_execution_id, p_job_id, p_node_id, v_wanted) then return v_wanted; end if;
  select credits_held - credits_charged - credits_released into v_held from executions where id = p_execution_id;
  v_held := v_held + hold_credits(p_execution_id, 0, v_wanted - v_held);
  if v_held > 0 and post_charge(p_execution_id, p_job_id, p_node_id, v_held) then return v_held; end if;
  return 0;
end $$;

-- Makes the hold cover the prices of all open jobs; extends it where it does not. Raises EF002 when the budget or the
-- balance does not allow it, unless the job was sent: what is owed is held as far as there is money, never refused.
-- Answers whether the hold changed.
create function reserve_open_jobs(p_execution_id text, p_price bigint, p_is_owed boolean) returns boolean
language plpgsql as $$
declare
  v_reserved bigint;
  v_shortage bigint;
  v_over_budget bigint;
  v_held bigint;
begin
  select coalesce(sum(price_reserved), 0) into v_reserved from jobs
  where execution_id = p_execution_id and state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED');
  select v_reserved - (credits_held - credits_charged - credits_released),
    coalesce(credits_charged + v_reserved - budget_credits, 0)
  into v_shortage, v_over_budget
  from executions where id = p_execution_id;
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

const jobs = `
-- Allocates the generation and reserves the price, under the lock of the execution row:
-- - an open job of the same step and candidate with another request is SUPERSEDED;
-- - the newest job is adopted when its request is the same and it is not definitely failed;
-- - else a new generation is opened, with the reason for it.
-- With a claim token the intent is claimed in the same breath; a repeat with the same token, after a lost reply, still has
-- the claim. With p_past_generation, a new generation after a definite
-- failure of a later one raises EF004.
create function open_job(p_execution_id text, p_account_id text, p_mode text, p_run_id text, p_job_id text, p_step text,
  p_node_id text, p_node_type text, p_provider text, p_model text, p_request_hash text, p_request json, p_price bigint,
  p_fallback_from json, p_callback_token_hash bytea, p_resubmit_unknown text, p_change_number integer, p_node_key text, p_past_generation integer,
  p_claim_token uuid, p_lease_ms integer, p_credential_id text,
  out job jobs, out is_adopted boolean, out is_claimed boolean, out superseded text[], out has_changed_hold boolean)
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
  has_changed_hold := job.state <> 'SETTLED'
    and reserve_open_jobs(p_execution_id, job.price_reserved, not is_claimed and job.state <> 'INTENT');
end $$;

-- SUBMITTING or UNKNOWN → ACCEPTED; false when the job is in another state. The first answer counts, whoever holds the
-- claim by then: at a provider with idempotency keys it tells of the very job that the holder is about to hear of.
create function accept_job(p_execution_id text, p_job_id text, p_handle json) returns boolean
language plpgsql as $$
begin
  update jobs
  set state = 'ACCEPTED', provider_handle = p_handle, accepted_at = now(), lease_until = null, failure = null,
      closed_at = null
  where id = p_job_id and execution_id = p_execution_id and state in ('SUBMITTING', 'UNKNOWN');
  return found;
end $$;

-- SUPERSEDED or CANCELLED, but accepted after all: it is to be stopped at its provider and settled, soon.
create function reopen_job(p_execution_id text, p_job_id text, p_handle json) returns boolean language plpgsql as $$
begin
  update jobs
  set provider_handle = coalesce(provider_handle, p_handle), accepted_at = coalesce(accepted_at, now()), closed_at = null
  where id = p_job_id and execution_id = p_execution_id and state in ('SUPERSEDED', 'CANCELLED');
  if not found then return false; end if;
  update executions set settle_started_at = null where id = p_execution_id and settle_started_at is not null;
  return true;
end $$;

-- Appends a send with the next number of its job; answers that number.
create function append_send(p_execution_id text, p_job_id text, p_outcome text, p_failure_code text, p_message text,
  p_http_status integer, p_latency_ms integer, p_started_at timestamptz, out step text, out number integer)
language plpgsql as $$
#variable_conflict use_column
begin
  insert into job_sends (id, job_id, execution_id, step, provider, model, number, outcome, failure_code, message,
    http_status, latency_ms, started_at)
  select new_id('snd'), j.id, j.execution_id, j.step, j.provider, j.model,
    1 + (select count(*) from job_sends s where s.job_id = j.id),
    p_outcome, p_failure_code, p_message, p_http_status, p_latency_ms, p_started_at
  from jobs j where j.id = p_job_id and j.execution_id = p_execution_id
  returning job_sends.step, job_sends.number into step, number;
  if not found then
    raise exception using errcode = 'EF003', message = format('execution %s has no job %s', p_execution_id, p_job_id);
  end if;
end $$;

-- SUBMITTING, ACCEPTED, UNKNOWN or STORED → SETTLED: state, charge, send and node row together. Whoever has the result may
-- settle, claim or not: the provider has been paid for it. Once is enough, a later call answers the first result and shows
-- it at the node, which another attempt may not know yet.
create function settle_job(p_execution_id text, p_attempt integer, p_status text, p_job_id text, p_outputs json,
  p_credits bigint, p_outcome text, p_latency_ms integer, p_started_at timestamptz,
  out job jobs, out attempts integer, out is_first boolean, out changed_nodes jsonb)
language plpgsql as $$
declare
  v_changed_status text;
begin
  update jobs j
  set state = 'SETTLED', outputs = coalesce(p_outputs, j.outputs), stored_at = coalesce(j.stored_at, now()),
      settled_at = now(), lease_until = null, failure = null
  where j.id = p_job_id and j.execution_id = p_execution_id
    and j.state in ('SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED') and coalesce(p_outputs, j.outputs) is not null
  returning * into job;
  is_first := found;
  if is_first then
    if p_outcome is not null then
      perform append_send(p_execution_id, p_job_id, p_outcome, null, null, null, p_latency_ms, p_started_at);
    end if;
    job.credits_charged := charge_job(p_execution_id, job.id, job.node_id, job.price_reserved, p_credits);
  else
    select * into job from jobs j where j.id = p_job_id and j.execution_id = p_execution_id;
    if job.state is distinct from 'SETTLED' then
      raise exception using errcode = 'EF003', message = format('job %s cannot be settled: it is %s%s', p_job_id,
        coalesce(job.state, 'not of this execution'),
        case when job.state in ('SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED') then ' without outputs' else '' end);
    end if;
  end if;
  changed_nodes := '{}';
  if p_status in ('RUNNING', 'WAITING') then
    select coalesce(jsonb_object_agg(n.step, n.status), '{}') into changed_nodes
    from update_nodes(p_execution_id, p_attempt, array[job.step], array[job.node_id], array['COMPLETED'],
      array[job.outputs], array[job.provider], array[job.model], array[null]::integer[], array[job.fallback_from],
      array[null]::boolean[], array[null]::json[]) n;
  end if;
  select c.attempts, c.changed_status into attempts, v_changed_status from refresh_node_costs(p_execution_id, job.step) c;
  if v_changed_status is not null then
    changed_nodes := changed_nodes || jsonb_build_object(job.step, v_changed_status);
  end if;
end $$;
`;

const writes = `
-- Sets node rows.
create function write_nodes(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_steps text[],
  p_node_ids text[], p_statuses text[], p_outputs json[], p_providers text[], p_models text[], p_attempts integer[],
  p_fallback_from json[], p_cached boolean[], p_errors json[])
returns void language plpgsql as $$
declare
  v_execution record;
  v_nodes jsonb;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  if v_execution.status not in ('RUNNING', 'WAITING') then return; end if;
  select jsonb_object_agg(n.step, n.status) into v_nodes
  from update_nodes(p_execution_id, v_execution.attempt, p_steps, p_node_ids, p_statuses, p_outputs, p_providers, p_models,
    p_attempts, p_fallback_from, p_cached, p_errors) n;
  if v_nodes is null then return; end if;
  perform record_event(p_execution_id, 'changed', json_build_object('nodes', v_nodes));
end $$;

-- The intent of a job and its claim; the node shows who serves it.
create function write_intent(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_job_id text, p_step text,
  p_node_id text, p_node_type text, p_provider text, p_model text, p_request_hash text, p_request json, p_price bigint,
  p_fallback_from json, p_callback_token_hash bytea, p_resubmit_unknown text, p_change_number integer, p_node_key text, p_past_generation integer,
  p_claim_token uuid, p_lease_ms integer, p_credential_id text,
  out job jobs, out is_adopted boolean, out is_claimed boolean, out superseded text[])
language plpgsql as $$
declare
  v_execution record;
  v_opened record;
  v_nodes jsonb;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  if v_execution.status not in ('RUNNING', 'WAITING') then
    raise exception using errcode = 'EF003', message = format('execution %s is %s: no job can be opened for step %s',
      p_execution_id, v_execution.status, p_step);
  end if;
  v_opened := open_job(p_execution_id, v_execution.account_id, v_execution.mode, p_run_id, p_job_id, p_step, p_node_id,
    p_node_type, p_provider, p_model, p_request_hash, p_request, p_price, p_fallback_from, p_callback_token_hash,
    p_resubmit_unknown, p_change_number, p_node_key, p_past_generation, p_claim_token, p_lease_ms, p_credential_id);
  job := v_opened.job;
  is_adopted := v_opened.is_adopted;
  is_claimed := v_opened.is_claimed;
  superseded := v_opened.superseded;
  if job.state <> 'SETTLED' then
    select jsonb_object_agg(n.step, n.status) into v_nodes
    from update_nodes(p_execution_id, v_execution.attempt, array[p_step], array[p_node_id], array['RUNNING'],
      array[null]::json[], array[p_provider], array[p_model], array[null]::integer[], array[p_fallback_from],
      array[null]::boolean[], array[null]::json[]) n;
  end if;
  if v_nodes is not null or v_opened.has_changed_hold then
    perform record_event(p_execution_id, 'changed',
      json_strip_nulls(json_build_object('nodes', v_nodes)));
  end if;
end $$;

-- The provider's word that it took the job, and the send that brought it. A word that comes when the job was
-- accepted under another handle, or has ended, tells of a second job at the provider: surplus, and shown as such.
create function write_acceptance(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_job_id text,
  p_handle json, p_latency_ms integer, p_started_at timestamptz,
  out state text, out attempts integer, out is_surplus boolean)
language plpgsql as $$
declare
  v_send record;
  v_job jobs;
  v_costs record;
begin
  perform lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  attempts := 0;
  if accept_job(p_execution_id, p_job_id, p_handle) then
    v_send := append_send(p_execution_id, p_job_id, 'accepted', null, null, null, p_latency_ms, p_started_at);
    v_costs := refresh_node_costs(p_execution_id, v_send.step);
    attempts := v_costs.attempts;
    if v_costs.changed_status is not null then
      perform record_event(p_execution_id, 'changed',
        json_build_object('nodes', json_build_object(v_send.step, v_costs.changed_status)));
    end if;
  else
    perform reopen_job(p_execution_id, p_job_id, p_handle);
  end if;
  select * into v_job from jobs j where j.id = p_job_id and j.execution_id = p_execution_id;
  if not found then
    raise exception using errcode = 'EF003', message = format('execution %s has no job %s', p_execution_id, p_job_id);
  end if;
  state := v_job.state;
  -- A callback may have brought the same job under a handle with less in it.
  is_surplus := v_job.provider_handle ->> 'providerJobId' is distinct from p_handle ->> 'providerJobId';
  if not is_surplus or v_job.possible_duplicate then return; end if;
  update jobs set possible_duplicate = true where id = p_job_id;
  v_costs := refresh_node_costs(p_execution_id, v_job.step);
  if v_costs.changed_status is not null then
    perform record_event(p_execution_id, 'changed',
      json_build_object('nodes', json_build_object(v_job.step, v_costs.changed_status)));
  end if;
end $$;

-- A paid result.
create function write_settlement(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_job_id text,
  p_outputs json, p_credits bigint, p_outcome text, p_latency_ms integer, p_started_at timestamptz,
  out job jobs, out attempts integer, out is_first boolean)
language plpgsql as $$
declare
  v_execution record;
  v_settled record;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  v_settled := settle_job(p_execution_id, v_execution.attempt, v_execution.status, p_job_id, p_outputs, p_credits,
    p_outcome, p_latency_ms, p_started_at);
  job := v_settled.job;
  attempts := v_settled.attempts;
  is_first := v_settled.is_first;
  if v_settled.changed_nodes <> '{}' or is_first and job.credits_charged > 0 then
    perform record_event(p_execution_id, 'changed',
      case when v_settled.changed_nodes = '{}' then '{}' else json_build_object('nodes', v_settled.changed_nodes) end);
  end if;
end $$;
`;
