import { allNodes } from '../pure/all-nodes';
import { INTERPRETER_VERSION, ITEMS_NODE_ID, type Plan, type PlanNode } from '../../workflows/contract';

/** Which nodes of a batch run once, and which once per item. */
export interface SplitPlan {
  /** What the batch itself runs: the shared nodes, and the node that stands for all items. */
  readonly plan: Plan;
  /** Ids of the top-level nodes that run once per item. */
  readonly perItem: ReadonlySet<string>;
}

/**
 * A node runs once per item when it is iterated, holds a member that is, waits for one that is, or differs between items
 * for another reason (a name of triggerData in its texts); everything else runs once.
 *
 * @param differing - Nodes, members of groups among them, whose keys are not the same in all items.
 */
export function splitPlan(
  whole: Plan,
  iterated: ReadonlySet<string>,
  differing: ReadonlySet<string>,
): SplitPlan {
  const perItem = new Set<string>();
  const isPerItem = (node: PlanNode): boolean =>
    allNodes([node]).some(({ id }) => iterated.has(id) || differing.has(id)) ||
    node.dependsOn.some((id) => perItem.has(id));
  for (let size = -1; size < perItem.size;) {
    size = perItem.size;
    for (const node of whole.nodes) if (isPerItem(node)) perItem.add(node.id);
  }
  const shared = whole.nodes.filter(({ id }) => !perItem.has(id));
  const needed = neededByItems(whole, perItem);
  const items = itemsNode(shared.map(({ id }) => id).filter((id) => needed.has(id)));
  return { plan: { interpreter: INTERPRETER_VERSION, nodes: [...shared, items] }, perItem };
}

/** The nodes of one item: those that run once per item, and what they need of the others. */
export function itemPlan(whole: Plan, perItem: ReadonlySet<string>): Plan {
  const needed = neededByItems(whole, perItem);
  return { ...whole, nodes: whole.nodes.filter(({ id }) => needed.has(id)) };
}

function neededByItems({ nodes }: Plan, perItem: ReadonlySet<string>): ReadonlySet<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const needed = new Set<string>();
  const open = [...perItem];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (needed.has(id)) continue;
    needed.add(id);
    open.push(...(byId.get(id)?.dependsOn ?? []));
  }
  return needed;
}

/** Starts the moment that all which items need is there; other shared nodes may still run beside it. */
function itemsNode(dependsOn: readonly string[]): PlanNode {
  return {
    ...{ id: ITEMS_NODE_ID, label: 'Items', nodeType: 'batch:items', nodeTypeVersion: 1 },
    ...{ work: { kind: 'items' }, inputs: [], config: {}, templates: [], dependsOn, nodeKey: '' },
    ...{ onError: 'fail', timeoutSeconds: 86_400, attemptsMax: 1 },
  };
}
