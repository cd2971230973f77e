import { setTimeout as pause } from 'node:timers/promises';
import type { EverframeClient } from '../../client/everframe-client';
import { EverframeError } from '../../client/everframe-error';
import type { ExecutionView, ItemsView, NodeView } from '../../pipeline/execution-view';
import { BringUpError } from '../embedded/bring-up-error';
import { paintStatus, type Paint, plain } from '../paint';

/** How long an API that has gone away is waited for: a restart takes seconds, runs go on without it. */
const patienceMs = 120_000;
const askAgainAfterMs = 1_000;

export interface FollowOptions {
  /** Takes each line of progress. */
  readonly show: (line: string) => void;
  readonly paint?: Paint;
  /** Aborting ends the watching, not the run. */
  readonly signal?: AbortSignal;
}

/**
 * Watches an execution until it ends or waits for somebody, showing a line for each change of a node. An API that
 * restarts meanwhile is waited for.
 *
 * @returns the last state
 * @throws EverframeError when the API stays away for two minutes, or refuses
 */
export async function followExecution(
  client: EverframeClient,
  executionId: string,
  { show, paint = plain, signal }: FollowOptions,
): Promise<ExecutionView> {
  const startedAt = performance.now();
  const shown = new Map<string, string>();
  let last: ExecutionView | undefined;
  for await (const view of watchThroughRestarts(client, executionId, { show, signal })) {
    const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(8);
    for (const line of [...changedNodes(view, shown, paint), ...changedItems(view, shown)])
      show(`${seconds}  ${line}`);
    last = view;
  }
  if (last === undefined)
    throw new BringUpError(`the API showed nothing of execution ${executionId}: poll it again`);
  return last;
}

async function* watchThroughRestarts(
  client: EverframeClient,
  executionId: string,
  { show, signal }: FollowOptions,
): AsyncGenerator<ExecutionView, void, undefined> {
  let isKnown = false;
  for (let awaySinceMs: number | undefined; ;) {
    try {
      for await (const view of client.watch(executionId, { signal })) {
        awaySinceMs = undefined;
        isKnown = true;
        yield view;
      }
      return;
    } catch (error) {
      awaySinceMs ??= performance.now();
      if (!isKnown || !isAway(error) || performance.now() - awaySinceMs > patienceMs) throw error;
      show('the API does not answer; the run goes on meanwhile, asking again');
      await pause(askAgainAfterMs, undefined, { signal });
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof EverframeError && (error.status === 0 || error.status >= 502);
}

/** A node that another try has set running again shows anew. */
function changedNodes(view: ExecutionView, shown: Map<string, string>, paint: Paint): string[] {
  return Object.entries(view.nodes).flatMap(([id, node]) => {
    if (node.status === 'PENDING') return [];
    const line = describeNode(id, node, paint);
    if (shown.get(id) === line) return [];
    shown.set(id, line);
    return [line];
  });
}

/** Of a batch, when one more percent of its items is over. */
function changedItems({ items }: ExecutionView, shown: Map<string, string>): string[] {
  if (items === null) return [];
  const line = describeItems(items);
  const percent = String(Math.floor(items.progress * 100));
  if (shown.get('') === percent) return [];
  shown.set('', percent);
  return [line];
}

export function describeItems(items: ItemsView): string {
  const { total, completed, failed, running, waiting, etaSeconds } = items;
  const parts = [
    `${completed} of ${total} items`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(etaSeconds === null ? [] : [`about ${Math.ceil(etaSeconds)} s left`]),
  ];
  return parts.join(', ');
}

function describeNode(id: string, node: NodeView, paint: Paint): string {
  const service = [node.provider, node.model].filter((part) => part !== null).join(' ');
  const reason = node.error === null ? '' : `${node.error.code}: ${node.error.message}`;
  const status = paintStatus(paint, node.status, node.status.padEnd(10));
  return `${id.padEnd(12)} ${status} ${node.nodeType.padEnd(28)} ${service} ${reason}`.trimEnd();
}
