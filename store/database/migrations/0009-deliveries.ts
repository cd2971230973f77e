import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** What tells the outside of an execution's end: to whom, what became of each try. */
export const deliveries: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(tables).execute(database);
    await sql.raw(outbox).execute(database);
  },
};

const tables = `
create table callback_secrets (
  account_id text primary key references accounts,
  sealed_secrets text[] not null
);

create table subscriptions (
  id text primary key,
  account_id text not null references accounts,
  workflow_id text not null references workflows,
  mode text not null check (mode in ('live', 'test')),
  url text not null,
  types text[] not null,
  sealed_secrets text[] not null,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  disabled_reason text,
  deleted_at timestamptz
);
create index subscriptions_workflow on subscriptions (workflow_id, id) where deleted_at is null;

create table deliveries (
  id text primary key,
  account_id text not null,
  execution_id text not null references executions on delete cascade,
  subscription_id text references subscriptions,
  url text not null,
  type text not null,
  data json not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed', 'cancelled')),
  round integer not null default 1 check (round >= 1),
  attempts integer not null default 0,
  last_status integer,
  last_error text,
  next_attempt_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  check ((ended_at is null) = (state = 'pending'))
) with (fillfactor = 80);
create index deliveries_account on deliveries (account_id, id);
create index deliveries_execution on deliveries (execution_id);
create index deliveries_to_start on deliveries (id) where state = 'pending' and started_at is null;

create table delivery_attempts (
  delivery_id text not null references deliveries on delete cascade,
  round integer not null,
  number integer not null check (number >= 1),
  at timestamptz not null default now(),
  latency_ms integer not null,
  http_status integer,
  error text,
  primary key (delivery_id, round, number)
);
`;

/** In the transaction that changes the status, whoever makes it: no end is told that was not written, and none is forgotten. */
const outbox = `
create function record_deliveries() returns trigger language plpgsql as $$
begin
  insert into deliveries (id, account_id, execution_id, subscription_id, url, type, data)
  select 'dlv_' || replace(uuidv7()::text, '-', ''), new.account_id, new.id, target.id, target.url,
    'execution.' || lower(new.status),
    json_build_object('executionId', new.id, 'workflowId', new.workflow_id, 'workflowName', new.workflow_name,
      'version', new.version, 'mode', new.mode, 'status', new.status, 'attempt', new.attempt,
      'error', new.failure->>'message', 'failure', new.failure, 'tags', new.tags)
  from (
    select null::text as id, new.callback_url as url where new.callback_url is not null
    union all
    select s.id, s.url from subscriptions s
    where s.workflow_id = new.workflow_id and s.account_id = new.account_id and s.mode = new.mode
      and s.deleted_at is null and s.disabled_at is null
      and (cardinality(s.types) = 0 or 'execution.' || lower(new.status) = any (s.types))
  ) target;
  return null;
end $$;

create trigger executions_deliveries after update of status on executions
for each row when (old.status is distinct from new.status and new.status <> 'RUNNING')
execute function record_deliveries();
`;
