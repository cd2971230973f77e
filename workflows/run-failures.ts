import {
  ApplicationFailure,
  ContinueAsNew,
  DeterminismViolationError,
  isCancellation,
  TemporalFailure,
} from '@temporalio/workflow';
import { EXECUTION_FAILED, type ExecutionFailure } from './contract';
import { readStepFailure, stepFailure, type StepFailure } from './failure-policy';
import { StepFailed } from './run-node';

/**
 * What a run ends with. A bug of ours becomes a failure: any other error would fail the workflow task, which Temporal
 * retries for ever, while a run that failed can be resumed.
 */
export function toRunFailure(error: unknown): unknown {
  const isTemporals = [TemporalFailure, ContinueAsNew, DeterminismViolationError].some(
    (type) => error instanceof type,
  );
  if (isTemporals) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  return ApplicationFailure.create({
    message: `Everframe itself failed while it interpreted the plan: ${cause.message}`,
    type: 'Internal',
    nonRetryable: true,
    cause,
  });
}

export function executionFailed(failure: ExecutionFailure): ApplicationFailure {
  return ApplicationFailure.create({
    message: `Node "${failure.nodeId}" failed: ${failure.message}`,
    type: EXECUTION_FAILED,
    nonRetryable: true,
    details: [failure],
  });
}

/** The rows belong to the next run already: this one says in Temporal why it ended, and writes nothing. */
export function superseded(): ApplicationFailure {
  const message = 'The execution was resumed with an edited graph; it goes on in a new run.';
  return ApplicationFailure.create({ message, type: 'Superseded', nonRetryable: true });
}

/** As {@link superseded}, for a run that was told to drain. */
export function drained(): ApplicationFailure {
  const message = 'The execution goes on in a new run, with another version of its workflow.';
  return ApplicationFailure.create({ message, type: 'Superseded', nonRetryable: true });
}

/** Why a node ended badly, whatever its run threw. */
export function failureOf(error: unknown): StepFailure {
  if (error instanceof StepFailed) return error.failure;
  return isCancellation(error)
    ? stepFailure('Cancelled', 'The step was cancelled in Temporal. Resume the execution to run it again.')
    : readStepFailure(error);
}
