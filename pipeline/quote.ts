import type { Candidate, PlanNode } from '../workflows/contract';

/** What a run may cost, credits. */
export interface Quote {
  /** First candidates, one round, no retry: what must be available before anything starts. */
  readonly minCredits: number;
  /**
   * The dearest candidate of each node; a failed call is not charged. With `retry.changes` the dearest one of each try as
   * well, since some providers bill what they refuse.
   */
  readonly maxCredits: number;
  /** In plan order, free nodes included. */
  readonly nodes: readonly NodeQuote[];
}

export interface NodeQuote {
  readonly nodeId: string;
  readonly nodeType: string;
  readonly minCredits: number;
  readonly maxCredits: number;
}

/**
 * A member of a group counts once for each iteration: as many as are certain in the lowest price, as many as there may be
 * in the highest.
 * @param conditional - Nodes that a branch may leave out: nothing in the lowest price.
 */
export function quoteNodes(nodes: readonly PlanNode[], conditional: ReadonlySet<string> = new Set()): Quote {
  const quotes = quoteLevel(nodes, { min: 1, max: 1 }, conditional);
  return {
    minCredits: quotes.reduce((sum, quote) => sum + quote.minCredits, 0),
    maxCredits: quotes.reduce((sum, quote) => sum + quote.maxCredits, 0),
    nodes: quotes,
  };
}

interface Times {
  readonly min: number;
  readonly max: number;
}

function quoteLevel(
  nodes: readonly PlanNode[],
  { min, max }: Times,
  conditional: ReadonlySet<string>,
): readonly NodeQuote[] {
  return nodes.flatMap((node) => {
    const times = { min: conditional.has(node.id) ? 0 : min, max };
    const own = quoteNode(node, times);
    if (!node.body) return [own];
    const { iterations, nodes: members } = node.body;
    const inside = { min: times.min * iterations.min, max: times.max * iterations.max };
    return [own, ...quoteLevel(members, inside, conditional)];
  });
}

function quoteNode({ id, nodeType, work, changes = [] }: PlanNode, times: Times): NodeQuote {
  const candidates = work.kind === 'provider' ? work.candidates : [];
  const tries = [candidates, ...changes.map((change) => change.candidates)];
  const once = tries.reduce((sum, those) => sum + dearest(those), 0);
  const first = candidates[0]?.priceCredits ?? 0;
  return { nodeId: id, nodeType, minCredits: first * times.min, maxCredits: once * times.max };
}

function dearest(candidates: readonly Candidate[]): number {
  return Math.max(0, ...candidates.map(({ priceCredits }) => priceCredits));
}
