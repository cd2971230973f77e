/** The three kinds of provider that there are, by what makes a send of unknown fate safe. */
export const SAFETY_CLASSES = ['idempotent', 'lookup', 'none'] as const;

export type SafetyClass = (typeof SAFETY_CLASSES)[number];

export function chaosProviderId(safety: SafetyClass): string {
  return `chaos-${safety}`;
}

export function chaosNodeType(safety: SafetyClass): string {
  return `chaos:${safety}`;
}

export const CHAOS_MODEL = 'chaos-model';

/** List price of a chaos job, US dollars. */
export const CHAOS_PRICE_USD = 0.02;
