import { createReadyQueue, type ReadyQueue } from '../pipeline/pure/ready-nodes';
import { RELEASE } from '../pipeline/release';
import { outputHashes, type BundleNode } from '../pipeline/replay-bundle';
import type { ReplayedNode, ReplayReport } from '../pipeline/replay-report';
import type { NodeOutputs, PlanNode } from '../workflows/contract';
import { BundleError } from './bundle-error';
import { runNode, type NodeResult, type ReplayContext } from './run-node';

/**
 * Runs the plan of a bundle again, offline, and compares what every node made with what the execution recorded.
 * Nodes run one after another in the order of their dependencies, so the first difference is where it began.
 */
export async function replayBundle(context: ReplayContext): Promise<ReplayReport> {
  const { plan, nodes: recorded, execution, release } = context.bundle;
  const records = new Map(recorded.map((node) => [node.nodeId, node]));
  const outputs = new Map<string, NodeOutputs>();
  const nodes: ReplayedNode[] = [];
  const queue = openQueue(plan.nodes);
  for (let ready = queue.takeReady(); ready.length > 0; ready = queue.takeReady()) {
    for (const node of ready) {
      nodes.push(await replayNode(context, node, records.get(node.id), outputs));
      queue.settle(node.id, 'done');
    }
  }
  const replayed = new Set(nodes.map(({ nodeId }) => nodeId));
  for (const node of recorded) if (!replayed.has(node.nodeId)) nodes.push(notReplayed(node));
  const firstDifference = nodes.find(({ verdict }) => verdict === 'different')?.nodeId ?? null;
  return {
    executionId: execution.executionId,
    releases: { recorded: release, replayed: RELEASE },
    nodes,
    isEqual: firstDifference === null && nodes.some(({ verdict }) => verdict === 'equal'),
    firstDifference,
  };
}

function openQueue(nodes: readonly PlanNode[]): ReadyQueue {
  try {
    return createReadyQueue(nodes);
  } catch (error) {
    throw new BundleError('The plan in the bundle is damaged.', { cause: error });
  }
}

/** Recorded, but nothing in the plan leads to it: what was not made again is not the same. */
function notReplayed(recorded: BundleNode): ReplayedNode {
  const { nodeId, nodeType, status } = recorded;
  const common = {
    nodeId,
    nodeType,
    source: 'none',
    reason: 'the plan in the bundle does not run it',
  } as const;
  if (status !== 'COMPLETED') return { ...common, verdict: 'not_compared', outputs: [] };
  return { ...common, verdict: 'different', outputs: compare(recorded, {}) };
}

async function replayNode(
  context: ReplayContext,
  node: PlanNode,
  recorded: BundleNode | undefined,
  outputs: Map<string, NodeOutputs>,
): Promise<ReplayedNode> {
  const { id: nodeId, nodeType } = node;
  if (recorded?.status !== 'COMPLETED') {
    const reason = `it was ${recorded?.status ?? 'not run'} in the execution`;
    return { nodeId, nodeType, source: 'none', verdict: 'not_compared', outputs: [], reason };
  }
  const result = await tryNode(context, node, recorded, outputs);
  if (result instanceof Error) {
    const compared = compare(recorded, {});
    return {
      nodeId,
      nodeType,
      source: 'none',
      verdict: 'different',
      outputs: compared,
      reason: result.message,
    };
  }
  outputs.set(nodeId, result.outputs);
  const compared = compare(recorded, outputHashes(result.outputs));
  const differing = compared.filter((port) => port.recorded !== port.replayed).map(({ port }) => port);
  return {
    nodeId,
    nodeType,
    source: result.source,
    verdict: differing.length === 0 ? 'equal' : 'different',
    outputs: compared,
    reason: differing.length === 0 ? null : `another result at ${differing.join(', ')}`,
  };
}

async function tryNode(
  context: ReplayContext,
  node: PlanNode,
  recorded: BundleNode,
  outputs: ReadonlyMap<string, NodeOutputs>,
): Promise<NodeResult | Error> {
  try {
    return await runNode(context, node, recorded, (nodeId) => outputs.get(nodeId));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function compare(
  { outputHashes: recorded }: BundleNode,
  replayed: Readonly<Record<string, string>>,
): ReplayedNode['outputs'] {
  const ports = new Set([...Object.keys(recorded), ...Object.keys(replayed)]);
  return [...ports].map((port) => ({
    port,
    recorded: recorded[port] ?? null,
    replayed: replayed[port] ?? null,
  }));
}
