import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** Saved graphs: a mutable draft each, versions that never change, and which of them served when. */
export const workflows: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(saved).execute(database);
  },
};

const saved = `
create table workflows (
  id text primary key,
  account_id text not null references accounts,
  name text not null,
  description text not null default '',
  draft json not null,
  revision integer not null default 1 check (revision >= 1),
  version_count integer not null default 0 check (version_count >= 0),
  published_version integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  check (published_version between 1 and version_count)
) with (fillfactor = 80);
create index workflows_account on workflows (account_id, id) where deleted_at is null;

create table workflow_versions (
  workflow_id text not null references workflows,
  version integer not null check (version >= 1),
  tag text not null,
  name text not null,
  note text not null,
  graph json not null,
  graph_sha256 bytea not null check (length(graph_sha256) = 32),
  created_at timestamptz not null default now(),
  primary key (workflow_id, version),
  unique (workflow_id, tag)
);

create table workflow_publications (
  workflow_id text not null,
  number integer not null check (number >= 1),
  version integer not null,
  reason text not null check (reason in ('publish', 'rollback')),
  at timestamptz not null default now(),
  primary key (workflow_id, number),
  foreign key (workflow_id, version) references workflow_versions
);

create table workflow_webhooks (
  id text primary key,
  account_id text not null references accounts,
  workflow_id text not null references workflows,
  mode text not null check (mode in ('live', 'test')),
  name text not null,
  is_default boolean not null,
  sealed_secrets text[] not null default '{}',
  created_at timestamptz not null default now(),
  deleted_at timestamptz
);
create index workflow_webhooks_workflow on workflow_webhooks (workflow_id, id) where deleted_at is null;
create unique index workflow_webhooks_default on workflow_webhooks (workflow_id, mode) where is_default and deleted_at is null;
`;
