import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { newId } from '../ids';
import { callbackTokenHash } from './callback-token';
import type { Database } from './database';
import { toJson } from './json';
import type { JobState } from './tables';

export interface NewCallback {
  /** From the URL of the callback. */
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Raw, at most 1 MB. */
  readonly body: Uint8Array;
}

/** Where a callback belongs: enough to wake the waiting activity by id. */
export interface CallbackTarget {
  readonly jobId: string;
  readonly executionId: string;
  readonly temporalRunId: string | null;
  readonly step: string;
  readonly provider: string;
  readonly model: string;
  readonly state: JobState;
  /** False: the same body came before. */
  readonly isNew: boolean;
}

export interface StoredCallback {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
  readonly receivedAtMs: number;
}

export const callbacks = {
  /** Stores a callback, once per job and body. Undefined: no job has this token. */
  async put(database: Database, callback: NewCallback): Promise<CallbackTarget | undefined> {
    const job = await database.queries
      .selectFrom('jobs')
      .innerJoin('executions', 'executions.id', 'jobs.execution_id')
      .select([
        'jobs.id as jobId',
        'execution_id as executionId',
        'executions.temporal_run_id as temporalRunId',
        'step',
        'provider',
        'model',
        'state',
      ])
      .where('callback_token_hash', '=', callbackTokenHash(callback.token))
      .executeTakeFirst();
    if (job === undefined) return undefined;
    const body = Buffer.from(callback.body);
    const inserted = await database.queries
      .insertInto('callbacks')
      .values({
        id: newId('cbk'),
        job_id: job.jobId,
        body_sha256: createHash('sha256').update(body).digest(),
        headers: toJson(callback.headers),
        body,
      })
      .onConflict((conflict) => conflict.columns(['job_id', 'body_sha256']).doNothing())
      .executeTakeFirst();
    const isNew = inserted.numInsertedOrUpdatedRows === 1n;
    if (isNew) await lookAfterAgain(database, job.jobId);
    return { ...job, isNew };
  },

  /** Oldest first. */
  async unhandled(database: Database, jobId: string): Promise<readonly StoredCallback[]> {
    const rows = await database.queries
      .selectFrom('callbacks')
      .select(['id', 'headers', 'body', 'received_at'])
      .where('job_id', '=', jobId)
      .where('handled_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map((row) => ({
      id: row.id,
      headers: row.headers,
      rawBody: row.body,
      receivedAtMs: row.received_at.getTime(),
    }));
  },

  async markHandled(database: Database, callbackIds: readonly string[]): Promise<void> {
    if (callbackIds.length === 0) return;
    await database.queries
      .updateTable('callbacks')
      .set({ handled_at: sql<Date>`now()` })
      .where(sql<boolean>`id = any (${[...callbackIds]}::text[])`)
      .where('handled_at', 'is', null)
      .execute();
  },
} as const;

/** A callback may tell of a job that had been given up, or whose fate nobody knew: it is settled once more. */
async function lookAfterAgain(database: Database, jobId: string): Promise<void> {
  await sql`
    with reopened as (
      update jobs set closed_at = null
      where id = ${jobId} and closed_at is not null and state in ('UNKNOWN', 'SUPERSEDED', 'CANCELLED')
      returning execution_id
    )
    update executions set settle_started_at = null
    where id in (select execution_id from reopened) and settle_started_at is not null
  `.execute(database.queries);
}
