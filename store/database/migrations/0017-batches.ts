import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * A batch is an execution with `item_count`; each of its items is an execution with `parent_id`. What an item's change means
 * to its batch is written by triggers: whoever changes it (its run, a resume, the sweeper), nobody can forget it.
 */
export const batches: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [columns, tables, money, changes]) await sql.raw(statement).execute(database);
  },
};

const columns = `
alter table executions
  add column parent_id text references executions on delete cascade,
  add column item_index integer,
  add column item_count integer,
  add column credits_moved bigint not null default 0,
  add check ((parent_id is null) = (item_index is null)),
  add check (parent_id is null or item_count is null);
create unique index executions_items on executions (parent_id, item_index) where parent_id is not null;
create index executions_items_open on executions (parent_id)
  where parent_id is not null and status in ('RUNNING', 'WAITING');
`;

const tables = `
create table batches (
  execution_id text primary key references executions on delete cascade,
  places json not null,
  item_plan json not null,
  allow_partial boolean not null,
  redrive_times integer not null default 0 check (redrive_times >= 0),
  redrive_after_seconds integer not null default 0 check (redrive_after_seconds >= 0),
  completion_due_at timestamptz
);
create index batches_completion_due on batches (completion_due_at) where completion_due_at is not null;
create table batch_items (
  execution_id text not null references batches on delete cascade,
  item_index integer not null check (item_index >= 0),
  item_execution_id text not null unique,
  item_values json not null,
  patch json not null,
  quote json not null,
  min_credits bigint not null check (min_credits >= 0),
  max_credits bigint not null check (max_credits >= min_credits),
  batch_attempt integer not null default 0,
  redrives integer not null default 0,
  primary key (execution_id, item_index)
) with (fillfactor = 80);
`;

const money = `
-- Moves up to a maximum of what the batch holds and needs for no job of its own to one of its items: released by the one
-- and held by the other, so that the books of both stay whole. The balance does not change. Answers the amount.
create function pass_hold(p_batch_id text, p_item_id text, p_maximum bigint) returns bigint language plpgsql as $$
declare
  v_amount bigint;
begin
  select least(p_maximum, e.credits_held - e.credits_charged - e.credits_released - (
    select coalesce(sum(j.price_reserved), 0) from jobs j
    where j.execution_id = e.id and j.state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED')))
  into v_amount from executions e where e.id = p_batch_id;
  if v_amount is null or v_amount <= 0 then return 0; end if;
  with item as (
    update executions set credits_held = credits_held + v_amount, hold_number = hold_number + 1
    where id = p_item_id
    returning id, account_id, mode, hold_number
  ), batch as (
    update executions
    set credits_released = credits_released + v_amount, credits_moved = credits_moved + v_amount
    where id = p_batch_id
  ), released as (
    insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
    select new_id('ent'), account_id, mode, p_batch_id, 'release', 'held', 'available', v_amount,
      'pass/' || id || '/' || hold_number
    from item
  )
  insert into credit_entries (id, account_id, mode, execution_id, kind, debit_from, credit_to, amount, posting_key)
  select new_id('ent'), account_id, mode, id, 'hold', 'available', 'held', v_amount, 'hold/' || id || '/' || hold_number
  from item;
  return v_amount;
end $$;
`;

const changes = `
-- Locks are taken in one order: item, batch, balance.
create function lock_batch_of_item() returns trigger language plpgsql as $$
begin
  perform from executions where id = new.parent_id for no key update;
  return new;
end $$;
create trigger executions_lock_batch before update of status on executions
for each row when (new.parent_id is not null and old.status is distinct from new.status)
execute function lock_batch_of_item();

-- What an item gives back goes on serving its batch, while that runs. A batch that had failed for its items alone is due to
-- be completed once the last of them is done.
create function tell_batch_of_item() returns trigger language plpgsql as $$
declare
  v_batch executions;
  v_released bigint := new.credits_released - old.credits_released;
  v_amount bigint;
begin
  select * into v_batch from executions where id = new.parent_id;
  if v_batch.status = 'RUNNING' and v_released > 0 then
    v_amount := hold_credits(new.parent_id, 0, v_released);
    update executions set credits_moved = credits_moved + v_amount where id = new.parent_id;
  end if;
  if new.status = 'COMPLETED' and v_batch.status = 'FAILED' and v_batch.failure ->> 'code' = 'items_failed'
    and not exists (
      select from batch_items b left join executions i on i.id = b.item_execution_id
      where b.execution_id = new.parent_id and i.status is distinct from 'COMPLETED') then
    update batches set completion_due_at = now() where execution_id = new.parent_id;
  end if;
  perform record_event(new.parent_id, 'changed',
    json_build_object('items', json_build_object(new.item_index, new.status)));
  return null;
end $$;
create trigger executions_tell_batch after update of status on executions
for each row when (new.parent_id is not null and old.status is distinct from new.status)
execute function tell_batch_of_item();

-- The outside is told of the batch, not of each item.
drop trigger executions_deliveries on executions;
create trigger executions_deliveries after update of status on executions
for each row when (old.status is distinct from new.status and new.status <> 'RUNNING' and new.parent_id is null)
execute function record_deliveries();
`;
