import type { PlanChange } from './contract';
import type { StepFailure } from './failure-policy';

/**
 * The next change for what has failed, counted from 1. Only when nothing may still be paid for the tries before it: a
 * send of unknown fate, or a job that goes on, is none.
 */
export function nextChange(
  changes: readonly PlanChange[],
  usedChanges: number,
  failures: readonly { readonly failure: StepFailure }[],
): number | undefined {
  const last = failures.at(-1)?.failure;
  if (!last || !(last.tryNext || last.type === 'ContentRefused')) return undefined;
  const codes = new Set(failures.map(({ failure }) => failure.code));
  if (failures.length > 1 && last.tryNext) codes.add('all_providers_failed');
  const index = changes.findIndex(
    (change, place) => place >= usedChanges && change.on.some((code) => codes.has(code)),
  );
  return index < 0 ? undefined : index + 1;
}
