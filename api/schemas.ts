import { z } from 'zod';
import { executionViewSchema } from '../pipeline/execution-view';
import { badRequest } from './api-error';

/** The poll body, under its own name in OpenAPI. */
export const executionSchema = executionViewSchema.meta({ id: 'Execution' });

/** Ids as we make them; anything else is answered as unknown without a database read. */
export const executionParameters = z.object({ id: z.string().max(100) });

export const errorSchema = z
  .object({
    error: z.string().describe('What happened, to which input, what to do.'),
    code: z.string().describe('Stable; branch on this.'),
    requestId: z.string(),
  })
  .loose()
  .meta({ id: 'Error' });

export const issueSchema = z
  .object({ path: z.string(), code: z.string(), message: z.string(), fix: z.string() })
  .meta({ id: 'Issue' });

export const invalidSchema = errorSchema
  .extend({ issues: z.array(issueSchema).optional() })
  .meta({ id: 'Invalid' });

/** Of a query, from 0; nothing is no number. */
export const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'A whole number is needed.' })
  .transform(Number)
  .meta({ type: 'integer', minimum: 0 });

/** Whole seconds to hold an answer, from a query; above 60 counts as 60. */
export const waitSeconds = wholeNumber.transform((seconds) => Math.min(seconds, 60));

/** What a column of versions holds. */
export const VERSION_MAX = 2_147_483_647;

export const time = z.iso.datetime({ offset: true });

/** One page of a list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(20).describe('Items per page.'),
  cursor: z.string().min(1).max(500).optional().describe('`nextCursor` of the page before.'),
};

/** For `catch` on the read of a page. @throws ApiError 400 for a cursor that is not ours; every other error as it is */
export function cursorInvalid(error: unknown): never {
  if (!(error instanceof Error) || error.name !== 'InvalidCursorError') throw error;
  const message = 'This cursor is not one of ours. Use the nextCursor of the page before, or none.';
  throw badRequest('cursor_invalid', message);
}

export const accountAsset = z.object({ assetId: z.string().max(100) });
