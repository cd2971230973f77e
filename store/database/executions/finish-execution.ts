import { sql } from 'kysely';
import { failpoint } from '../../failpoints';
import { callSetFunction } from '../call-function';
import { recordLetters } from '../dead-letters/record-letters';
import { endExecution } from './end-execution';
import type { FinishChange, FinishedExecution } from './execution-writer';
import { updateNodes } from './update-nodes';
import { isOpenStatus, type WriteContext } from './write-context';
import type { NodeStatus } from '../tables';

/** Ends the attempt, once: the final nodes, the status, the release of the rest of the hold. */
export async function finishExecution(
  context: WriteContext,
  change: FinishChange,
): Promise<FinishedExecution> {
  const { transaction, execution, changes } = context;
  await updateNodes(context, change.nodes);
  const isFirst = isOpenStatus(execution.status);
  if (isFirst) {
    await stopOpenNodes(context, change.status === 'CANCELLED');
    await recordLetters(transaction, execution, change.status);
    await endExecution(transaction, { executionId: execution.id, ...change });
    execution.status = changes.status = change.status;
  }
  const { credits_charged } = await transaction
    .selectFrom('executions')
    .select('credits_charged')
    .where('id', '=', execution.id)
    .executeTakeFirstOrThrow();
  aboutToCommitFinish();
  return { status: execution.status, creditsCharged: credits_charged, isFirst };
}

/** The end of the attempt is decided and not yet in the database, on whichever way it gets there. */
export function aboutToCommitFinish(): void {
  failpoint('finish.before_commit');
}

/** Of an execution that ends; see `stop_open_nodes`. */
export async function stopOpenNodes(
  context: Pick<WriteContext, 'transaction' | 'execution' | 'changes'>,
  isCancelled = false,
): Promise<void> {
  const stopped = await callSetFunction(
    sql<{ step: string; status: NodeStatus }>`
      select step, status from stop_open_nodes(${context.execution.id}, ${isCancelled})`,
    context.transaction,
  );
  for (const { step, status } of stopped) context.changes.nodes.set(step, status);
}
