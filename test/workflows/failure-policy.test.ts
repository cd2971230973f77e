import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { describe, expect, it } from '@jest/globals';
import { JOB_PENDING } from '../../workflows/contract';
import { failureView, readStepFailure } from '../../workflows/failure-policy';

function activityFailure(cause: Error): ActivityFailure {
  return new ActivityFailure(
    'Activity task failed',
    'awaitJob',
    'n1/await',
    RetryState.TIMEOUT,
    'worker',
    cause,
  );
}

describe('a failure of a step', () => {
  it('by a time limit of Temporal’s is a time-out that no other candidate follows', () => {
    const timeout = new TimeoutFailure('activity timeout', undefined, TimeoutType.SCHEDULE_TO_CLOSE);
    expect(readStepFailure(activityFailure(timeout))).toMatchObject({ type: 'JobTimeout', tryNext: false });
  });

  it('is the same time-out when the last look found the job pending', () => {
    const pending = ApplicationFailure.create({ message: 'The job is not done yet.', type: JOB_PENDING });
    expect(readStepFailure(activityFailure(pending))).toMatchObject({ type: 'JobTimeout', tryNext: false });
  });

  it('that is a cancellation is given back', () => {
    const cancelled = activityFailure(new CancelledFailure('cancelled'));
    expect(() => readStepFailure(cancelled)).toThrow(cancelled);
  });

  it('of an unknown type is ours, and shows nothing but its message', () => {
    const failure = ApplicationFailure.create({
      message: 'Everframe itself failed.',
      type: 'PostgresError',
      cause: new Error('select secret from accounts'),
    });
    expect(failureView(readStepFailure(activityFailure(failure)))).toEqual({
      code: 'internal',
      message: 'Everframe itself failed.',
      retryable: true,
    });
  });

  it.each(['SubmissionUnknown', 'PaidResultUnavailable', 'ContentRefused', 'BudgetReached'])(
    'of type %s leads to no other candidate',
    (type) => {
      const failure = ApplicationFailure.create({ message: 'No.', type });
      expect(readStepFailure(activityFailure(failure))).toMatchObject({ type, tryNext: false });
    },
  );
});
