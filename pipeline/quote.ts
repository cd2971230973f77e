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

export function quoteNodes(nodes: readonly PlanNode[]): Quote {
  const quotes = nodes.map(quoteNode);
  return {
    minCredits: quotes.reduce((sum, quote) => sum + quote.minCredits, 0),
    maxCredits: quotes.reduce((sum, quote) => sum + quote.maxCredits, 0),
    nodes: quotes,
  };
}

function quoteNode({ id, nodeType, work, changes = [] }: PlanNode): NodeQuote {
  const candidates = work.kind === 'provider' ? work.candidates : [];
  const tries = [candidates, ...changes.map((change) => change.candidates)];
  const maxCredits = tries.reduce((sum, those) => sum + dearest(those), 0);
  return { nodeId: id, nodeType, minCredits: candidates[0]?.priceCredits ?? 0, maxCredits };
}

function dearest(candidates: readonly Candidate[]): number {
  return Math.max(0, ...candidates.map(({ priceCredits }) => priceCredits));
}
