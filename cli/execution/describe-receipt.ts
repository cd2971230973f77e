import type { ResumeReceipt } from '../../client/types';

/** What a resume keeps, runs and costs, a line each. */
export function describeReceipt({
  reused,
  rerun,
  adoptedJobs,
  creditsNotSpentAgain,
  quote,
}: ResumeReceipt): string {
  const kept = reused.map(({ nodeId, credits }) => (credits > 0 ? `${nodeId} (${credits})` : nodeId));
  const adopted = adoptedJobs.map(
    ({ nodeId, provider, model, jobId }) => `${nodeId} at ${provider} ${model} (${jobId})`,
  );
  const { minCredits, maxCredits } = quote;
  return [
    `reused                   ${listed(kept)}`,
    `rerun                    ${listed(rerun)}`,
    `adopted jobs             ${listed(adopted)}`,
    `credits not spent again  ${creditsNotSpentAgain}`,
    `quote of what is left    ${minCredits} to ${maxCredits} credits`,
  ].join('\n');
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}
