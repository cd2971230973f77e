import type { EverframeClient } from '../../client/everframe-client';
import type { ExecutionView, NodeView } from '../../pipeline/execution-view';
import { BringUpError } from '../embedded/bring-up-error';

/**
 * Watches an execution until it ends or waits for somebody, showing a line for each change of a node.
 *
 * @param nodeIds the graph's nodes in posted order
 * @returns the last state
 */
export async function followExecution(
  client: EverframeClient,
  executionId: string,
  nodeIds: readonly string[],
  show: (line: string) => void,
): Promise<ExecutionView> {
  const startedAt = performance.now();
  const shown = new Map<string, string>();
  let last: ExecutionView | undefined;
  for await (const view of client.watch(executionId)) {
    const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(8);
    for (const line of changedNodes(view, nodeIds, shown)) show(`${seconds}  ${line}`);
    last = view;
  }
  if (last === undefined)
    throw new BringUpError(`the API showed nothing of execution ${executionId}: poll it again`);
  return last;
}

function changedNodes(view: ExecutionView, nodeIds: readonly string[], shown: Map<string, string>): string[] {
  return nodeIds.flatMap((id) => {
    const node = view.nodes[id];
    if (node === undefined || node.status === 'PENDING') return [];
    const line = describeNode(id, node);
    if (shown.get(id) === line) return [];
    shown.set(id, line);
    return [line];
  });
}

function describeNode(id: string, node: NodeView): string {
  const service = [node.provider, node.model].filter((part) => part !== null).join(' ');
  const reason = node.error === null ? '' : `${node.error.code}: ${node.error.message}`;
  return `${id.padEnd(12)} ${node.status.padEnd(10)} ${node.nodeType.padEnd(28)} ${service} ${reason}`.trimEnd();
}
