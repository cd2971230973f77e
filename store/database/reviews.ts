import { decideReview } from './reviews/decide-review';
import { findReview, listReviews, reviewTold, untoldReviews } from './reviews/read-reviews';

/** What persons are asked in the middle of runs. Reviews are opened, and timed out, by the runs themselves. */
export const reviews = {
  list: listReviews,
  find: findReview,
  decide: decideReview,
  untold: untoldReviews,
  told: reviewTold,
} as const;
