import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { turnAway } from '../../core/accept-job';
import type { Job, JobDraft } from '../../core/job';
import { performJob } from '../../core/perform-job';
import type { Answer, Visit } from '../../core/visit';
import { googleErrors, invalidArgument } from './errors';

/** The body by its schema; answers 400 and gives undefined when it does not fit. */
export async function parsed<Schema extends z.ZodType>(
  visit: Visit,
  model: string,
  schema: Schema,
  body: unknown,
): Promise<z.output<Schema> | undefined> {
  const input = schema.safeParse(body);
  if (input.success) return input.data;
  const [issue] = input.error.issues;
  const message = `Invalid value at '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'invalid JSON'}`;
  await turnAway(visit, model, '', 'invalid', invalidArgument(message));
  return undefined;
}

/** Takes the job and waits for its end; gives undefined when the caller was answered already. */
export function performed(visit: Visit, draft: Omit<JobDraft, 'id' | 'provider'>): Promise<Job | undefined> {
  const id = randomBytes(12).toString('hex');
  return performJob(visit, { ...draft, id, provider: 'google' }, 'job', failureOf);
}

export function failureOf(job: Job): Answer {
  return job.failure?.kind === 'source'
    ? invalidArgument('Unable to process input image. Please retry or report in https://ai.google.dev')
    : googleErrors.serverError(500);
}
