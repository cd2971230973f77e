import type { z } from 'zod';
import type { Answer, ProviderErrors } from '../../core/visit';
import type { Job } from '../../core/job';

/** One entry of fal's `detail` list (docs.fal.ai, errors). */
interface FalDetail {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
  readonly url: string;
  readonly ctx?: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
}

/**
 * Platform errors are flat, model errors are lists. Wording of 401: fal-ai/fal issue 1068; of the locked
 * account: issue 1147 (both read 2026-11-21). 429's `error_type`: docs.fal.ai, errors.
 */
export const falErrors: ProviderErrors = {
  unauthorized: () => ({ status: 401, body: { detail: 'No user found for Key ID and Secret' } }),
  rateLimited: (retryAfterSeconds) => ({
    status: 429,
    headers: {
      'retry-after': String(retryAfterSeconds),
      'x-fal-error-type': 'concurrent_requests_limit',
      'x-fal-retryable': 'true',
    },
    body: { detail: 'Too many concurrent requests for this user.', error_type: 'concurrent_requests_limit' },
  }),
  insufficientQuota: () => ({
    status: 403,
    body: {
      detail: 'User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.',
    },
  }),
  serverError: (status) => ({
    status,
    headers: { 'x-fal-error-type': platformTypes[status] ?? 'internal_error', 'x-fal-retryable': 'true' },
    body: {
      detail: 'The request could not be processed.',
      error_type: platformTypes[status] ?? 'internal_error',
    },
  }),
  refused: () => refusal(undefined),
};

const platformTypes: Readonly<Record<number, string>> = {
  500: 'internal_error',
  502: 'runner_incomplete_response',
  503: 'runner_scheduling_failure',
  504: 'request_timeout',
};

/** What the result call says of a job that ended badly. */
export function failureAnswer(job: Job): Answer {
  if (job.state === 'canceled') {
    return {
      status: 499,
      headers: { 'x-fal-error-type': 'client_cancelled' },
      body: { detail: 'Request was cancelled.', error_type: 'client_cancelled' },
    };
  }
  switch (job.failure?.kind) {
    case 'refused':
      return refusal(job.prompt);
    case 'invalid':
      return modelError(422, job.failure.details as readonly FalDetail[]);
    case 'source':
      return modelError(422, [sourceDetail(job)]);
    default:
      return modelError(500, [detail('internal_server_error', ['body'], 'Internal server error', undefined)]);
  }
}

/** zod's issues in the words of fal's validator (pydantic). */
export function detailsOf(issues: readonly z.core.$ZodIssue[], body: unknown): FalDetail[] {
  return issues.map((issue) => {
    const loc = ['body', ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    const missing = issue.code === 'invalid_type' && issue.input === undefined;
    return missing ? detail('missing', loc, 'Field required', body) : detailOf(issue, loc);
  });
}

function detailOf(issue: z.core.$ZodIssue, loc: readonly (string | number)[]): FalDetail {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_value':
      return detail('one_of', loc, `Input should be ${orList(issue.values)}`, input, {
        expected: issue.values,
      });
    case 'too_small':
      return issue.origin === 'string'
        ? detail('string_too_short', loc, `String should have at least ${issue.minimum} characters`, input, {
            min_length: issue.minimum,
          })
        : detail(
            'greater_than_equal',
            loc,
            `Input should be greater than or equal to ${issue.minimum}`,
            input,
            { ge: issue.minimum },
          );
    case 'too_big':
      return issue.origin === 'string'
        ? detail('string_too_long', loc, `String should have at most ${issue.maximum} characters`, input, {
            max_length: issue.maximum,
          })
        : detail('less_than_equal', loc, `Input should be less than or equal to ${issue.maximum}`, input, {
            le: issue.maximum,
          });
    case 'invalid_type':
      return detail(`${issue.expected}_type`, loc, `Input should be a valid ${issue.expected}`, input);
    default:
      return detail('value_error', loc, issue.message, input);
  }
}

export function modelError(status: number, details: readonly FalDetail[]): Answer {
  const type = details[0]?.type ?? 'value_error';
  return {
    status,
    headers: { 'x-fal-error-type': type, 'x-fal-retryable': String(status >= 500) },
    body: { detail: details },
  };
}

function refusal(prompt: string | undefined): Answer {
  const text =
    'The content could not be processed because it contained material flagged by a content checker.';
  return modelError(422, [detail('content_policy_violation', ['body', 'prompt'], text, prompt)]);
}

function sourceDetail(job: Job): FalDetail {
  const { reason, source } = job.failure?.details as { reason: 'download' | 'decode'; source: string };
  const field =
    typeof job.input === 'object' && job.input !== null && 'image_urls' in job.input
      ? 'image_urls'
      : 'image_url';
  const input = source.startsWith('data:') ? undefined : source;
  return reason === 'download'
    ? detail(
        'file_download_error',
        ['body', field],
        'Failed to download the file. Please check if the URL is accessible and try again.',
        input,
      )
    : detail(
        'image_load_error',
        ['body', field],
        'Failed to load the image. Please ensure the image file is not corrupted and is in a supported format.',
        input,
      );
}

function detail(
  type: string,
  loc: readonly (string | number)[],
  msg: string,
  input: unknown,
  ctx?: Readonly<Record<string, unknown>>,
): FalDetail {
  return {
    loc,
    msg,
    type,
    url: `https://docs.fal.ai/errors#${type}`,
    ...(ctx && { ctx }),
    ...(input !== undefined && { input }),
  };
}

function orList(values: readonly unknown[]): string {
  const quoted = values.map((value) => `'${String(value)}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
