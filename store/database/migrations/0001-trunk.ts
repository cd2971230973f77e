import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/**
 * Documents are `json`, not `jsonb`: they are given back as they came (see json.ts), and none is searched by SQL.
 * Credits are bigint; `check`s repeat in the database what the statements of credits.ts promise.
 */
export const trunk: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [accounts, money, executions, jobs, surroundings]) {
      await sql.raw(statement).execute(database);
    }
  },
};

const accounts = `
create table accounts (
  id text primary key,
  name text not null,
  plan text not null default 'self_hosted',
  created_at timestamptz not null default now()
);
create table api_keys (
  id text primary key,
  account_id text not null references accounts,
  mode text not null check (mode in ('live', 'test')),
  name text not null,
  hash bytea not null unique check (length(hash) = 32),
  last4 text not null,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index api_keys_account on api_keys (account_id, id);
`;

const money = `
create table credit_balances (
  account_id text not null references accounts,
  mode text not null check (mode in ('live', 'test')),
  available bigint not null default 0 check (available >= 0),
  held bigint not null default 0 check (held >= 0),
  primary key (account_id, mode)
) with (fillfactor = 70);
create table credit_entries (
  id text primary key,
  account_id text not null references accounts,
  mode text not null check (mode in ('live', 'test')),
  execution_id text,
  job_id text,
  node_id text,
  kind text not null check (kind in ('grant', 'hold', 'charge', 'release', 'refund')),
  debit_from text not null check (debit_from in ('granted', 'available', 'held', 'charged')),
  credit_to text not null check (credit_to in ('granted', 'available', 'held', 'charged')),
  amount bigint not null check (amount > 0),
  posting_key text not null unique,
  created_at timestamptz not null default now(),
  check (debit_from <> credit_to)
);
create index credit_entries_account on credit_entries (account_id, mode, id);
create index credit_entries_execution on credit_entries (execution_id) where execution_id is not null;
`;

const executions = `
create table executions (
  id text primary key,
  account_id text not null references accounts,
  mode text not null check (mode in ('live', 'test')),
  workflow_id text not null,
  workflow_name text not null,
  version integer,
  status text not null check (status in ('RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED')),
  attempt integer not null default 1,
  revision bigint not null default 0,
  graph json not null,
  trigger_data json not null,
  plan json not null,
  carried json not null,
  quote json not null,
  quote_min_credits bigint not null check (quote_min_credits >= 0),
  quote_max_credits bigint not null check (quote_max_credits >= quote_min_credits),
  credits_held bigint not null default 0,
  credits_charged bigint not null default 0 check (credits_charged >= 0),
  credits_released bigint not null default 0 check (credits_released >= 0),
  hold_number integer not null default 0,
  budget_credits bigint check (budget_credits >= 0),
  temporal_run_id text,
  past_run_ids text[] not null default '{}',
  start_requested_at timestamptz,
  cancel_requested_at timestamptz,
  failure json,
  fail_fast boolean not null,
  resubmit_unknown boolean not null default false,
  tags text[] not null,
  priority integer not null check (priority between 1 and 5),
  callback_url text,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  check (credits_held >= credits_charged + credits_released),
  check ((completed_at is null) = (status in ('RUNNING', 'WAITING')))
) with (fillfactor = 80);
create index executions_account on executions (account_id, id);
create index executions_start on executions (start_requested_at) where start_requested_at is not null;
create index executions_open on executions (id) where status in ('RUNNING', 'WAITING');
create table execution_nodes (
  execution_id text not null references executions on delete cascade,
  step text not null,
  node_id text not null,
  position integer not null,
  node_type text not null,
  label text not null,
  status text not null default 'PENDING'
    check (status in ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED')),
  node_key text not null,
  is_output boolean not null,
  outputs json,
  provider text,
  model text,
  attempts integer not null default 0,
  fallback_from json not null default '[]',
  cached boolean not null default false,
  credits bigint not null default 0,
  possible_duplicate boolean not null default false,
  error json,
  run_attempt integer not null default 1,
  started_at timestamptz,
  completed_at timestamptz,
  primary key (execution_id, step)
) with (fillfactor = 80);
create table events (
  execution_id text not null references executions on delete cascade,
  revision bigint not null,
  type text not null,
  data json not null,
  at timestamptz not null default now(),
  primary key (execution_id, revision)
);
`;

const jobs = `
create table jobs (
  id text primary key,
  execution_id text not null references executions on delete cascade,
  account_id text not null,
  mode text not null check (mode in ('live', 'test')),
  step text not null,
  node_id text not null,
  node_type text not null,
  provider text not null,
  model text not null,
  generation integer not null check (generation >= 1),
  generation_reason text not null
    check (generation_reason in ('first', 'definite_failure', 'changed', 'policy', 'user')),
  request_hash text not null,
  request json not null,
  state text not null check (state in ('INTENT', 'SUBMITTING', 'ACCEPTED', 'STORED', 'SETTLED', 'REJECTED',
    'FAILED', 'UNKNOWN', 'CANCELLED', 'SUPERSEDED')),
  claim_token uuid,
  lease_until timestamptz,
  callback_token_hash bytea,
  provider_handle json,
  price_reserved bigint not null check (price_reserved >= 0),
  credits_charged bigint not null default 0 check (credits_charged between 0 and price_reserved),
  possible_duplicate boolean not null default false,
  fallback_from json not null,
  credential_id text,
  temporal_run_id text,
  failure json,
  outputs json,
  created_at timestamptz not null default now(),
  submitted_at timestamptz,
  accepted_at timestamptz,
  stored_at timestamptz,
  settled_at timestamptz,
  unique (execution_id, step, provider, model, generation),
  check ((generation = 1) = (generation_reason = 'first')),
  check (state <> 'SUBMITTING' or (claim_token is not null and lease_until is not null)),
  check (state <> 'ACCEPTED' or provider_handle is not null),
  check (state not in ('STORED', 'SETTLED') or outputs is not null)
) with (fillfactor = 80);
create index jobs_state on jobs (state);
create unique index jobs_callback_token on jobs (callback_token_hash) where callback_token_hash is not null;
create table job_sends (
  id text primary key,
  job_id text not null references jobs on delete cascade,
  execution_id text not null,
  step text not null,
  provider text not null,
  model text not null,
  number integer not null,
  outcome text not null check (outcome in ('accepted', 'rejected', 'ambiguous', 'completed')),
  failure_code text,
  message text,
  http_status integer,
  latency_ms integer not null,
  started_at timestamptz not null,
  unique (job_id, number)
);
create index job_sends_step on job_sends (execution_id, step);
create table callbacks (
  id text primary key,
  job_id text not null references jobs on delete cascade,
  body_sha256 bytea not null,
  headers json not null,
  body bytea not null check (length(body) <= 1048576),
  received_at timestamptz not null default now(),
  handled_at timestamptz,
  unique (job_id, body_sha256)
);
`;

const surroundings = `
create table idempotency_keys (
  account_id text not null references accounts,
  scope text not null,
  key text not null,
  fingerprint text not null,
  response_status integer not null,
  response_body json not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (account_id, scope, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
create table assets (
  id text primary key,
  account_id text not null references accounts,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  type text not null check (type in ('text', 'json', 'image', 'video', 'audio', 'file')),
  mime_type text not null,
  bytes bigint not null check (bytes >= 0),
  width integer,
  height integer,
  duration_seconds double precision,
  source_job_id text,
  source_url_host text,
  created_at timestamptz not null default now(),
  unique (account_id, sha256, mime_type)
);
create table circuit_breakers (
  key text primary key,
  open_until timestamptz,
  probe_lease_until timestamptz,
  failures integer not null default 0,
  updated_at timestamptz not null default now()
);
create table sweeper_state (
  name text primary key,
  cursor json not null
);
`;
