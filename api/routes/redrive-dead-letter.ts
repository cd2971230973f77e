import { z } from 'zod';
import { deadLetters } from '../../store/database/dead-letters';
import type { DeadLetter } from '../../store/database/dead-letters/dead-letter';
import { conflict } from '../api-error';
import { replyOnce } from '../idempotent-reply';
import { defineKeyRoute, noParameters, type CallerContext } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { deadLetterNotFound, dryRun } from './dead-letters';
import { insufficientCreditsSchema } from './execute-workflow';
import { previewResume, resume, resumeReceiptSchema } from './resume-execution';

export const redriveDeadLetter = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/dead-letters/:id/redrive',
  operationId: 'redriveDeadLetter',
  summary: 'Tries one again: its execution goes on from the failed step; finished results are not paid again',
  tag: 'dead letters',
  scope: 'executions:write',
  bodyKind: 'json',
  params: z.object({ id: z.string().max(100) }),
  query: noParameters,
  body: z.strictObject({ dryRun }).optional(),
  requestHeaders: {
    'Idempotency-Key': 'Repeats with one key within 24 h redrive once and get the first answer.',
  },
  responses: {
    200: { description: 'With `dryRun`: what a redrive would do.', schema: resumeReceiptSchema },
    202: { description: 'Its execution runs again.', schema: resumeReceiptSchema },
    402: { description: 'Too few credits; nothing was started.', schema: insufficientCreditsSchema },
    404: { description: 'Unknown dead letter, or not yours.', schema: errorSchema },
    409: { description: 'It is not open: it was tried again, or is done.', schema: errorSchema },
    422: { description: 'The graph does not compile any more: see `issues`.', schema: invalidSchema },
  },
  handle: async ({ params, body = {} }, context) => {
    const { dryRun: isDryRun = false } = body;
    if (isDryRun) {
      const { executionId } = await openLetter(params.id, context);
      return { status: 200, body: await previewResume(executionId, {}, context) };
    }
    return replyOnce(context, body, async (store) => {
      const { executionId } = await openLetter(params.id, context);
      return resume(executionId, {}, store, context);
    });
  },
});

async function openLetter(letterId: string, { caller, dependencies }: CallerContext): Promise<DeadLetter> {
  const letter = await deadLetters.find(dependencies.database, caller.accountId, letterId);
  if (letter === undefined) throw deadLetterNotFound();
  if (letter.state === 'open') return letter;
  throw conflict(
    'dead_letter_not_open',
    `The dead letter is ${letter.state}; only an open one can be redriven.`,
  );
}
