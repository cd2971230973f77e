import type { PlanNode } from '../workflows/contract';

/** What a run may cost, credits. */
export interface Quote {
  /** First candidates, one round, no retry: what must be available before anything starts. */
  readonly minCredits: number;
  /** The dearest candidate of each node; a failed call is not charged. */
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

export function quoteNodes(nodes: readonly PlanNode[]): Quote {
  const quotes = nodes.map(quoteNode);
  return {
    minCredits: quotes.reduce((sum, quote) => sum + quote.minCredits, 0),
    maxCredits: quotes.reduce((sum, quote) => sum + quote.maxCredits, 0),
    nodes: quotes,
  };
}

function quoteNode({ id, nodeType, work }: PlanNode): NodeQuote {
  const prices = work.kind === 'provider' ? work.candidates.map((candidate) => candidate.priceCredits) : [];
  return { nodeId: id, nodeType, minCredits: prices[0] ?? 0, maxCredits: Math.max(0, ...prices) };
}
