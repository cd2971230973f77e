import { z } from 'zod';
import type { Review } from '../../store/database/reviews/review';
import { executionLinks } from './links';
import { presentOutputs, type Presenter } from './present-execution';

const portValueSchema = z.unknown().describe('Media with a signed URL; texts, numbers and JSON as they are.');

export const reviewSchema = z
  .object({
    reviewId: z.string(),
    executionId: z.string(),
    step: z.string().describe('Key of the node in the poll body, such as `review` or `review.2`.'),
    nodeId: z.string(),
    label: z.string(),
    mode: z.enum(['live', 'test']),
    state: z
      .enum(['open', 'decided', 'timed_out', 'closed'])
      .describe('closed: its execution has ended meanwhile; a resume asks again.'),
    title: z.string(),
    instructions: z.string(),
    value: portValueSchema,
    decision: z.enum(['approve', 'reject', 'replace']).nullable(),
    comment: z.string(),
    replacement: portValueSchema.nullable(),
    createdAt: z.string(),
    dueAt: z.string().nullable().describe('When nobody is waited for any more.'),
    decidedAt: z.string().nullable(),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Review' });

export function presentReview(review: Review, presenter: Presenter): z.infer<typeof reviewSchema> {
  const { id, value, replacement, createdAt, dueAt, decidedAt, ...rest } = review;
  const shown = presentOutputs({ value, ...(replacement === null ? {} : { replacement }) }, presenter);
  return {
    reviewId: id,
    ...rest,
    value: shown['value'],
    replacement: shown['replacement'] ?? null,
    createdAt: createdAt.toISOString(),
    dueAt: dueAt?.toISOString() ?? null,
    decidedAt: decidedAt?.toISOString() ?? null,
    links: executionLinks(presenter.settings, review.executionId),
  };
}
