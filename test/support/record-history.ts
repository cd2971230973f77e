import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { executionWorkflowId } from '../../workflows/contract';

const { History } = temporal.api.history.v1;

export const HISTORY_FOLDER = path.join(__dirname, '..', 'fixtures', 'histories');

/**
 * Keeps a run's history for the replay test, as protobuf, when EVERFRAME_RECORD_HISTORIES is set, to what is put behind
 * the names. Recorded once per shape and interpreter, never made over: an old history that no longer replays is a run of a user
 * that would hang.
 */
export function recordHistory(executionId: string, name: string, runId?: string): Promise<void> {
  return recordWorkflow(executionWorkflowId(executionId), name, runId);
}

/** {@link recordHistory} of another workflow than an execution's. */
export async function recordWorkflow(workflowId: string, name: string, runId?: string): Promise<void> {
  const suffix = process.env['EVERFRAME_RECORD_HISTORIES'];
  if (!suffix) return;
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] });
  try {
    const handle = new Client({ connection }).workflow.getHandle(workflowId, runId);
    const history = withoutMachine(await handle.fetchHistory());
    writeFileSync(path.join(HISTORY_FOLDER, `${name}${suffix}.history`), History.encode(history).finish(), {
      flag: 'wx',
    });
  } finally {
    await connection.close();
  }
}

/** Stack traces and identities name paths and hosts of the machine; a replay reads neither. */
function withoutMachine<T extends object>(value: T): T {
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    if (key === 'stackTrace' || key === 'identity') Object.assign(value, { [key]: '' });
    else if (typeof item === 'object' && item !== null && !ArrayBuffer.isView(item)) withoutMachine(item);
  }
  return value;
}
