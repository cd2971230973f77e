import { batches } from '../store/database/batches';
import type { ExecutionScope, ItemDocuments, ItemsLook, TellsBatch } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { fenced } from './fence';

type OpenDependencies = Pick<ActivityDependencies, 'database' | 'latestRunId' | 'batchWindow'>;

/** Opens items of a batch as far as its window and the credits allow; a repeat opens none twice. */
export async function openItems(deps: OpenDependencies, input: ExecutionScope): Promise<ItemsLook> {
  const { database, batchWindow } = deps;
  return fenced(deps, input, (scope) => batches.openItems(database, scope, batchWindow));
}

/** What an item runs; the history of its batch is spared it. */
export function loadItem(
  { database }: Pick<ActivityDependencies, 'database'>,
  { executionId }: Pick<ExecutionScope, 'executionId'>,
): Promise<ItemDocuments> {
  return batches.loadItem(database, executionId);
}

/** A batch that hears nothing looks by itself, later: a call that fails changes nothing. */
export async function tellBatch(
  { tellBatch: tell }: Pick<ActivityDependencies, 'tellBatch'>,
  { tellBatchId }: TellsBatch,
): Promise<void> {
  if (tellBatchId !== undefined) await tell(tellBatchId).catch(() => undefined);
}
