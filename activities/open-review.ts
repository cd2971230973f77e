import type { OpenReviewInput, ReviewAnswer } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { writeFenced } from './fence';

/** Asks a person once per step and value, and tells what was decided, or that its time is over. */
export async function openReview(
  deps: Pick<ActivityDependencies, 'database' | 'latestRunId'>,
  input: OpenReviewInput,
): Promise<ReviewAnswer> {
  const { step, nodeId, nodeKey, label, title, instructions, value, timeoutSeconds } = input;
  const request = { step, nodeId, nodeKey, label, title, instructions, value, timeoutSeconds };
  return writeFenced(deps, input, (writer) => writer.openReview(request));
}
