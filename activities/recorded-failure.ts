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

/** Our own doing: its run had ended. The workflow opens a new one in its place. */
export function jobStopped(job: Job): StepError {
  const message = `The job of node "${job.nodeId}" was cancelled at ${job.provider} when the run before this one had ended; a new one takes its place.`;
  return new StepError('JobCancelled', message, { provider: job.provider });
}

/**
 * The fate of a job that was sent in place of one of unknown fate decides nothing for the step: the first one may still
 * be made and paid, so no other candidate may be asked.
 */
export function stillUndecided(job: Job, failure: StepError): StepError {
  if (!job.possibleDuplicate) return failure;
  const message =
    `${failure.message} An earlier send of this job is of unknown fate and may be paid already, so no other provider is asked. ` +
    `Look it up at ${job.provider}; resume the execution with resubmitUnknown to send it again.`;
  return new StepError('SubmissionUnknown', message, { provider: job.provider, cause: failure });
}
