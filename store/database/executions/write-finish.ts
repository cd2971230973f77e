import { sql } from 'kysely';
import { callFunction, scopeFields } from '../call-function';
import type { Database } from '../database';
import type { WriteScope } from './execution';
import type { FinishChange, FinishedExecution } from './execution-writer';
import { aboutToCommitFinish } from './finish-execution';
import { nodeColumns } from './update-nodes';
import { writeExecution } from './write-execution';

/** Ends the attempt as a write of its own, through the fence: in one statement where no letters may have to be written. */
export async function writeFinish(
  database: Database,
  scope: WriteScope,
  change: FinishChange,
): Promise<FinishedExecution> {
  const written = change.status === 'COMPLETED' ? await writeCompletion(database, scope, change) : undefined;
  return written ?? writeExecution(database, scope, (writer) => writer.finish(change));
}

async function writeCompletion(
  database: Database,
  scope: WriteScope,
  { nodes }: FinishChange,
): Promise<FinishedExecution | undefined> {
  aboutToCommitFinish();
  const { isWritten, ...finished } = await callFunction(
    sql<FinishedExecution & { isWritten: boolean }>`
      select is_written as "isWritten", status, credits_charged as "creditsCharged", is_first as "isFirst"
      from write_completion(${scopeFields(scope)}, ${nodeColumns(nodes)})`,
    database.queries,
  );
  return isWritten ? finished : undefined;
}
