import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * The beginning and the end of an execution as functions: each was a transaction of six to eight statements, whose round
 * trips were a tenth of what a short run costs. See docs/decisions/2026-11-26-fewer-statements.md.
 */
export const acceptAndEnd: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [accept, end]) await sql.raw(statement).execute(database);
  },
};

const accept = `
-- Inserts the row or waits for the transaction that has it; false when somebody else was first, and the key has not
-- expired: then the response is the one that is stored.
create function claim_idempotency_key(p_account_id text, p_scope text, p_key text, p_fingerprint text, p_status integer,
  p_body json, p_lifetime_ms double precision)
returns boolean language plpgsql as $$
begin
  insert into idempotency_keys as k
    (account_id, scope, key, fingerprint, response_status, response_body, expires_at)
  values (p_account_id, p_scope, p_key, p_fingerprint, p_status, p_body,
    now() + p_lifetime_ms * interval '1 millisecond')
  on conflict (account_id, scope, key) do update set fingerprint = excluded.fingerprint,
    response_status = excluded.response_status, response_body = excluded.response_body,
    created_at = now(), expires_at = excluded.expires_at
  where k.expires_at <= now();
  return found;
end $$;

-- Makes the node rows of a plan: PENDING, but COMPLETED where the value is known at the start. Where a row is there, it is
-- brought up to the plan without touching its state.
create function write_plan_nodes(p_execution_id text, p_attempt integer, p_nodes json) returns void
language plpgsql as $$
begin
  insert into execution_nodes
    (execution_id, step, node_id, position, node_type, label, node_key, is_output, run_attempt,
     status, outputs, started_at, completed_at)
  select p_execution_id, n.node_id, n.node_id, n.position, n.node_type, n.label, n.node_key, n.is_output, p_attempt,
    case when n.outputs is null then 'PENDING' else 'COMPLETED' end, n.outputs,
    case when n.outputs is null then null else now() end, case when n.outputs is null then null else now() end
  from json_to_recordset(p_nodes)
    as n(node_id text, position int, node_type text, label text, node_key text, is_output boolean, outputs json)
  on conflict (execution_id, step) do update set position = excluded.position, node_type = excluded.node_type,
    label = excluded.label, node_key = excluded.node_key, is_output = excluded.is_output;
end $$;

-- An execution, its node rows, its hold and its idempotency row. Not accepted: the key is taken. Raises EF002 when less
-- than the minimum is available: then nothing was written, the key included.
create function accept_execution(p_id text, p_account_id text, p_mode text, p_workflow_id text, p_workflow_name text,
  p_version integer, p_graph json, p_trigger_data json, p_plan json, p_quote json, p_minimum bigint, p_maximum bigint,
  p_budget bigint, p_fail_fast boolean, p_tags text[], p_priority integer, p_callback_url text, p_variant text,
  p_nodes json, p_scope text, p_key text, p_fingerprint text, p_response_status integer, p_response_body json,
  p_lifetime_ms double precision, out is_accepted boolean, out held_credits bigint)
language plpgsql as $$
begin
  is_accepted := p_key is null or claim_idempotency_key(p_account_id, p_scope, p_key, p_fingerprint,
    p_response_status, p_response_body, p_lifetime_ms);
  if not is_accepted then return; end if;
  insert into executions (id, account_id, mode, workflow_id, workflow_name, version, status, revision, graph,
    trigger_data, plan, carried, quote, quote_min_credits, quote_max_credits, budget_credits, start_requested_at,
    fail_fast, tags, priority, callback_url, variant)
  values (p_id, p_account_id, p_mode, p_workflow_id, p_workflow_name, p_version, 'RUNNING', 1, p_graph,
    p_trigger_data, p_plan, '[]', p_quote, p_minimum, p_maximum, p_budget, now(),
    p_fail_fast, p_tags, p_priority, p_callback_url, p_variant);
  perform write_plan_nodes(p_id, 1, p_nodes);
  held_credits := hold_credits(p_id, p_minimum, least(p_maximum, p_budget));
  if held_credits is null then
    raise exception using errcode = 'EF002', message = 'the balance does not cover the quote',
      detail = json_build_object('limit', 'balance', 'neededCredits', p_minimum, 'availableCredits', coalesce((
        select b.available from credit_balances b where b.account_id = p_account_id and b.mode = p_mode), 0))::text;
  end if;
  perform append_event(p_id, 1, 'RUNNING', 'accepted', '{"status":"RUNNING"}');
end $$;
`;

const end = `
-- RUNNING or WAITING → the end of this attempt; releases the rest of the hold (held → available), so that
-- held = charged + released from then on. A job that is settled later extends the hold by what it charges. Changes nothing
-- in one that has ended: then the answer is null. Locks the balance: letters come before it. The revision is raised by
-- p_raise; its event is the caller's to append.
create function end_execution(p_execution_id text, p_status text, p_failure json, p_raise integer) returns bigint
language plpgsql as $$
declare
  v_revision bigint;
begin
  with ended as (
    update executions
    set status = p_status, completed_at = now(), start_requested_at = null, settle_started_at = null,
        failure = case when p_status = 'FAILED' then p_failure end,
        credits_released = credits_held - credits_charged, revision = revision + p_raise
    where id = p_execution_id and status in ('RUNNING', 'WAITING')
    returning id, account_id, mode, attempt, revision, new.credits_released - old.credits_released as amount
  ), balance as (
    update credit_balances b
    set held = b.held - ended.amount, available = b.available + ended.amount
    from ended
    where b.account_id = ended.account_id and b.mode = ended.mode and ended.amount > 0
  ), entry as (
    insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
    select new_id('ent'), account_id, mode, id, 'release', 'held', 'available', amount,
      'release/' || id || '/' || attempt
    from ended where amount > 0
  )
  select revision into v_revision from ended;
  return v_revision;
end $$;

-- A node cannot be running in an execution that has ended; one that never began stays PENDING unless it was cancelled.
create function stop_open_nodes(p_execution_id text, p_is_cancelled boolean)
returns table (step text, status text) language plpgsql as $$
#variable_conflict use_column
begin
  return query
  update execution_nodes n set status = 'CANCELLED', completed_at = now(), error = null
  where n.execution_id = p_execution_id
    and (n.status in ('RUNNING', 'WAITING') or p_is_cancelled and n.status = 'PENDING')
  returning n.step, n.status::text;
end $$;

-- The good end of a first attempt: the final nodes, the status, the release of the rest of the hold. Not written where
-- letters may have to be (the execution did not complete, or was tried before): that is a transaction of the caller's.
create function write_completion(p_execution_id text, p_run_id text, p_continued_from_run_id text, p_steps text[],
  p_node_ids text[], p_statuses text[], p_outputs json[], p_providers text[], p_models text[], p_attempts integer[],
  p_fallback_from json[], p_cached boolean[], p_errors json[],
  out is_written boolean, out status text, out credits_charged bigint, out is_first boolean)
language plpgsql as $$
declare
  v_execution record;
  v_changed jsonb := '{}';
  v_stopped jsonb;
  v_revision bigint;
begin
  v_execution := lock_execution(p_execution_id, p_run_id, p_continued_from_run_id);
  status := v_execution.status;
  is_first := status in ('RUNNING', 'WAITING');
  is_written := not is_first or v_execution.attempt = 1;
  if is_first and is_written then
    if cardinality(p_steps) > 0 then
      select coalesce(jsonb_object_agg(n.step, n.status), '{}') into v_changed
      from update_nodes(p_execution_id, v_execution.attempt, p_steps, p_node_ids, p_statuses, p_outputs, p_providers,
        p_models, p_attempts, p_fallback_from, p_cached, p_errors) n;
    end if;
    select coalesce(jsonb_object_agg(n.step, n.status), '{}') into v_stopped
    from stop_open_nodes(p_execution_id, false) n;
    v_changed := v_changed || v_stopped;
    status := 'COMPLETED';
    v_revision := end_execution(p_execution_id, status, null, 1);
    perform append_event(p_execution_id, v_revision, status, 'finished',
      case when v_changed = '{}' then json_build_object('status', status)
        else json_build_object('status', status, 'nodes', v_changed) end);
  end if;
  select e.credits_charged into credits_charged from executions e where e.id = p_execution_id;
end $$;
`;
