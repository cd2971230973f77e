import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { turnAway } from '../../core/accept-job';
import { performJob } from '../../core/perform-job';
import type { Answer, Visit } from '../../core/visit';
import type { Job, JobDraft } from '../../core/job';
import { openaiError, openaiErrors } from './errors';

export type OpenaiDraft = Omit<JobDraft, 'id' | 'provider'>;

/** The body by its schema; answers 400 and gives undefined when it does not fit. */
export async function parsed<Schema extends z.ZodType>(
  visit: Visit,
  schema: Schema,
  body: unknown,
): Promise<z.output<Schema> | undefined> {
  const input = schema.safeParse(body, { reportInput: true });
  if (input.success) return input.data;
  const [issue] = input.error.issues;
  const param = issue?.path.join('.') ?? '';
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  const answer = missing
    ? openaiError(400, `Missing required parameter: '${param}'.`, {
        code: 'missing_required_parameter',
        param,
      })
    : openaiError(400, `Invalid value for '${param}': ${issue?.message ?? 'the body is not valid JSON'}.`, {
        code: 'invalid_value',
        param,
      });
  await turnAway(visit, '', '', 'invalid', answer);
  return undefined;
}

/** Takes the job and waits for its end; gives undefined when the caller was answered already. */
export async function performed(
  visit: Visit,
  draft: OpenaiDraft,
  prefix: string,
  refusal: 'answer' | 'job' = 'answer',
): Promise<Job | undefined> {
  const id = `${prefix}${randomBytes(16).toString('hex')}`;
  const failed = (job: Job): Answer =>
    job.failure?.kind === 'source'
      ? openaiError(400, 'Invalid image: it could not be read.', { code: 'invalid_image' })
      : openaiErrors.serverError(500);
  const job = await performJob(visit, { ...draft, id, provider: 'openai' }, refusal, failed);
  if (job !== undefined) visit.response.set('openai-processing-ms', String(Date.now() - job.createdAt));
  return job;
}
