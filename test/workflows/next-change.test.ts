import { describe, expect, it } from '@jest/globals';
import { FAILURE_CODES, type FailureCode, type FailureType, type PlanChange } from '../../workflows/contract';
import { stepFailure } from '../../workflows/failure-policy';
import { nextChange } from '../../workflows/next-change';

const aChange = (...on: FailureCode[]): PlanChange => ({
  ...{ on, config: {}, templates: [], candidates: [], replacedInputs: [] },
});

const failed = (...types: FailureType[]) => types.map((type) => ({ failure: stepFailure(type, 'm') }));

/** Codes whose jobs may still cost something, or were paid for nothing: only the user decides then. */
const UNSAFE = [
  ...['SubmissionUnknown', 'JobTimeout', 'PaidResultUnavailable', 'BudgetReached', 'Internal'],
  ...['StaleRun', 'Cancelled', 'AssetStoreUnavailable', 'InputInvalid'],
] as readonly FailureType[];

describe('the next change of a node', () => {
  it('is the first one that names the failure', () => {
    const changes = [aChange('model_gone'), aChange('content_refused'), aChange('content_refused')];
    expect(nextChange(changes, 0, failed('ContentRefused'))).toBe(2);
  });

  it('comes after those that were used, also when an earlier one would fit', () => {
    const changes = [aChange('content_refused'), aChange('provider_job_failed'), aChange('content_refused')];
    expect(nextChange(changes, 1, failed('ContentRefused'))).toBe(3);
    expect(nextChange(changes, 3, failed('ContentRefused'))).toBeUndefined();
  });

  it('may name the failure of any candidate, or that all have failed', () => {
    const failures = failed('ProviderJobFailed', 'ProviderUnavailable');
    expect(nextChange([aChange('provider_job_failed')], 0, failures)).toBe(1);
    expect(nextChange([aChange('all_providers_failed')], 0, failures)).toBe(1);
    expect(nextChange([aChange('all_providers_failed')], 0, failed('ProviderJobFailed'))).toBeUndefined();
  });

  it.each(UNSAFE)('never follows %s, whatever failed before it and whatever it names', (type) => {
    const all = aChange(...Object.values(FAILURE_CODES));
    expect(nextChange([all], 0, failed(type))).toBeUndefined();
    expect(nextChange([all], 0, failed('ProviderJobFailed', type))).toBeUndefined();
  });
});
