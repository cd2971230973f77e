import { sql } from 'kysely';
import type { Mode } from '../../../workflows/contract';
import type { DatabaseTransaction } from '../database';
import { toJson } from '../json';
import type { ExecutionStatus, NodeStatus } from '../tables';
import type { ExecutionEvent } from './execution';

/** One write of one execution: its transaction, its locked row, and what changed so far. */
export interface WriteContext {
  readonly transaction: DatabaseTransaction;
  readonly execution: LockedExecution;
  readonly runId: string;
  readonly changes: VisibleChanges;
}

export interface LockedExecution {
  readonly id: string;
  readonly accountId: string;
  readonly mode: Mode;
  readonly attempt: number;
  /** Follows the changes of this write. */
  status: ExecutionStatus;
  readonly isCancelRequested: boolean;
}

/** What a poll would show differently after this write. */
export class VisibleChanges {
  readonly nodes = new Map<string, NodeStatus>();
  status: ExecutionStatus | undefined;
  /** Something else that a poll shows, such as credits. */
  hasOther = false;

  get isEmpty(): boolean {
    return this.nodes.size === 0 && this.status === undefined && !this.hasOther;
  }

  toEvent(): Pick<ExecutionEvent, 'type' | 'data'> {
    const isEnd = this.status !== undefined && !isOpenStatus(this.status);
    return {
      type: isEnd ? 'finished' : 'changed',
      data: {
        ...(this.status === undefined ? {} : { status: this.status }),
        ...(this.nodes.size === 0 ? {} : { nodes: Object.fromEntries(this.nodes) }),
      },
    };
  }
}

export function isOpenStatus(status: ExecutionStatus): boolean {
  return status === 'RUNNING' || status === 'WAITING';
}

/** Raises the revision by one, appends its event and tells the listeners when the transaction commits. */
export async function recordEvent(
  transaction: DatabaseTransaction,
  executionId: string,
  event: Pick<ExecutionEvent, 'type' | 'data'>,
): Promise<void> {
  await sql`select record_event(${executionId}, ${event.type}, ${toJson(event.data)}::json)`.execute(
    transaction,
  );
}
