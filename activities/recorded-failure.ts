import type { Job } from '../store/database/jobs/job';
import { FAILURE_CODES, type FailureCode, type FailureType } from '../workflows/contract';
import { StepError } from './to-application-failure';

/**
 * The failure that ended a job, told once more: a worker may die between writing it and reporting it, and the retry must
 * neither send again nor decide otherwise.
 *
 * @returns undefined for a job that did not end by a failure.
 */
export function recordedFailure(job: Job): StepError | undefined {
  const { failure, state } = job;
  if (!failure || (state !== 'REJECTED' && state !== 'FAILED')) return undefined;
  return new StepError(typeOf(failure.code), failure.message, { provider: failure.provider });
}

function typeOf(code: FailureCode): FailureType {
  const types = Object.keys(FAILURE_CODES) as FailureType[];
  return types.find((type) => FAILURE_CODES[type] === code) ?? 'Internal';
}
