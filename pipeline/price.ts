import type { CandidateDefinition, NodeRequest, ProviderReply } from './node-definition';

/** Credits per US dollar. */
export const CREDITS_PER_USD = 1_000;

/** US dollars as whole credits, rounded up: at least 1 for anything that is not free. Rounding noise of sums is forgiven. */
export function toCredits(usd: number): number {
  return usd <= 0 ? 0 : Math.max(1, Math.ceil(usd * CREDITS_PER_USD - 1e-6));
}

/**
 * The most that one call with this request may cost. What a request does not say yet (the text of a node that has not
 * run) counts as a usual size; the activity prices again with everything known, before it reserves.
 */
export function priceCredits(candidate: CandidateDefinition, request: NodeRequest): number {
  return toCredits(candidate.price.usd(request));
}

/** What the provider bills for this reply, as far as it can be told from it. */
export function billedCredits(
  candidate: CandidateDefinition,
  request: NodeRequest,
  reply: ProviderReply,
): number {
  const { usd, billedUsd } = candidate.price;
  return toCredits(billedUsd ? billedUsd(request, reply) : usd(request));
}
