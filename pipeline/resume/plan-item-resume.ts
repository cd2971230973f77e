import type { CarriedNode, Plan } from '../../workflows/contract';
import type { Quote } from '../quote';
import { planResume, type FinishedWork, type KnownJob, type ResumePlan } from './plan-resume';

/**
 * {@link planResume} for an item of a batch. What the items share is the batch's to make again: to the item, what is missing
 * of it is as if a branch had left it out, so what it has made without is kept. The same for a batch whose items are done.
 *
 * @param missing - Shared nodes as the batch has them, none of them COMPLETED; they stay so.
 */
export function planItemResume<Job extends KnownJob>(
  plan: Plan,
  quote: Quote,
  { nodes, jobs }: FinishedWork<Job>,
  missing: readonly CarriedNode[],
): ResumePlan<Job> {
  const leftOut = new Set(missing.map(({ nodeId }) => nodeId));
  const own = { ...quote, nodes: quote.nodes.filter(({ nodeId }) => !leftOut.has(nodeId)) };
  const rows = nodes.map((row) => (leftOut.has(row.step) ? { ...row, status: 'SKIPPED' as const } : row));
  const resume = planResume(plan, own, { nodes: rows, jobs });
  return {
    ...resume,
    carried: [...resume.carried, ...missing],
    rerun: resume.rerun.filter((nodeId) => !leftOut.has(nodeId)),
  };
}
