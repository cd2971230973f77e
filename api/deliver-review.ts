import { reviews } from '../store/database/reviews';
import type { UntoldReview } from '../store/database/reviews/review';
import type { ApiDependencies } from './dependencies';

/**
 * Tells the run that a review was decided. Safe to repeat; a run that is over needs no word, since the next one looks.
 *
 * @throws TemporalUnavailableError; the word stays due and is given by the sweeper.
 */
export async function deliverReview(
  { database, temporal }: Pick<ApiDependencies, 'database' | 'temporal'>,
  { id, executionId, step }: UntoldReview,
): Promise<void> {
  await temporal.tellReview(executionId, { step });
  await reviews.told(database, id);
}

/** For a decision that the database has just taken: the request has succeeded by then, whatever happens here. */
export async function deliverDecided(
  dependencies: Pick<ApiDependencies, 'database' | 'temporal' | 'logger'>,
  review: UntoldReview,
): Promise<void> {
  try {
    await deliverReview(dependencies, review);
  } catch (error) {
    const { id, executionId } = review;
    dependencies.logger.warn(
      { error, executionId, reviewId: id },
      'A decision waits for the sweeper to be passed on.',
    );
  }
}
