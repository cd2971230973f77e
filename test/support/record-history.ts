import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { executionWorkflowId } from '../../workflows/contract';

/**
 * Keeps a run's history for the replay test, when EVERFRAME_RECORD_HISTORIES is set. Recorded once per shape and
 * release, never made over: an old history that no longer replays is a run of a user that would hang.
 */
export async function recordHistory(temporal: Client, executionId: string, name: string): Promise<void> {
  if (!process.env['EVERFRAME_RECORD_HISTORIES']) return;
  const history = await temporal.workflow.getHandle(executionWorkflowId(executionId)).fetchHistory();
  const file = path.join(__dirname, '..', 'fixtures', 'histories', `${name}.json`);
  writeFileSync(file, `${JSON.stringify(historyToJSON(history), null, 1)}\n`, { flag: 'wx' });
}
