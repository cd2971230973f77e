import type { Selectable } from 'kysely';
import type { ExecutionView } from '../../../pipeline/execution-view';
import type { LedgerEntry } from '../../../sandbox/core/ledger';
import type { Tables } from '../../../store/database/tables';

/** What four independent witnesses, and the clients, say about the same runs. */
export interface Evidence {
  /** The providers' books. */
  readonly ledger: readonly LedgerEntry[];
  readonly database: DatabaseEvidence;
  readonly temporal: readonly TemporalRunEvidence[];
  readonly files: readonly FileEvidence[];
  readonly clients: readonly ClientEvidence[];
  /** What another account's key got when it asked for these runs. */
  readonly foreignAnswers?: readonly ForeignAnswer[];
  /** Runs that have no send of unknown fate, so nobody may be asked about one. */
  readonly mustBeKnown?: ReadonlySet<string>;
  /** Since when nobody is killed and every provider is well, milliseconds since 1970. */
  readonly healthySinceMs?: number;
  /** Of callback tokens. */
  readonly secret: string;
}

export interface ForeignAnswer {
  readonly executionId: string;
  readonly path: string;
  readonly status: number;
}

type Row<Table extends keyof Tables> = Readonly<Selectable<Tables[Table]>>;

export type ExecutionRow = Row<'executions'>;
export type NodeRow = Row<'execution_nodes'>;
export type JobRow = Row<'jobs'>;

export interface DatabaseEvidence {
  readonly executions: readonly ExecutionRow[];
  readonly nodes: readonly NodeRow[];
  readonly jobs: readonly JobRow[];
  readonly sends: readonly Row<'job_sends'>[];
  readonly entries: readonly Row<'credit_entries'>[];
  readonly balances: readonly Row<'credit_balances'>[];
  readonly events: readonly Row<'events'>[];
  readonly assets: readonly Row<'assets'>[];
  readonly callbacks: readonly Row<'callbacks'>[];
}

/** One run of one workflow as Temporal's own history tells it. */
export interface TemporalRunEvidence {
  readonly workflowId: string;
  readonly runId: string;
  readonly executionId: string;
  readonly status: string;
  /** Ids of activities in the order in which they were scheduled, with those that completed. */
  readonly scheduled: readonly string[];
  readonly completed: readonly string[];
}

/** A file of the asset store, read and hashed anew. */
export interface FileEvidence {
  readonly accountId: string;
  /** Its name. */
  readonly sha256: string;
  readonly actualSha256: string;
  readonly bytes: number;
}

/** A run as its caller saw it: that it was accepted, and every state since. */
export interface ClientEvidence {
  readonly executionId: string;
  readonly views: readonly ExecutionView[];
}

/** A broken promise, with what shows it. */
export interface Violation {
  readonly invariant: string;
  readonly executionId: string | undefined;
  readonly jobId?: string;
  readonly evidence: string;
}
