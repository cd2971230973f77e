import { describe, expect, it } from '@jest/globals';
import { StepError } from '../../activities/to-application-failure';
import { untilRecorded } from '../../activities/until-recorded';

/** A clock that only waiting moves. */
function aClock() {
  let nowMs = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => nowMs,
    sleep: async (milliseconds: number) => {
      waits.push(milliseconds);
      nowMs += milliseconds;
    },
  };
}

async function failuresBefore(times: number, error: Error) {
  const clock = aClock();
  let tries = 0;
  const record = async (): Promise<string> => {
    tries += 1;
    if (tries <= times) throw error;
    return 'recorded';
  };
  const result = await untilRecorded(clock, record).catch((thrown: unknown) => thrown);
  return { result, tries, waits: clock.waits };
}

describe('a provider’s answer', () => {
  it('is kept through an outage of the database, waiting longer each time up to five seconds', async () => {
    const { result, waits } = await failuresBefore(7, new Error('connect ECONNREFUSED'));
    expect(result).toBe('recorded');
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('is kept while the disk is full', async () => {
    const full = new StepError('AssetStoreUnavailable', 'Make room.', { retryAfterMs: 5_000 });
    expect(await failuresBefore(2, full)).toMatchObject({ result: 'recorded', tries: 3 });
  });

  it('is given up after a minute', async () => {
    const error = new Error('connect ECONNREFUSED');
    const { result, waits } = await failuresBefore(1_000, error);
    expect(result).toBe(error);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(60_000);
    expect(waits.length).toBeGreaterThan(10);
  });

  it.each([
    ['a decided failure', new StepError('ProviderResponseInvalid', 'No picture.')],
    ['a bug', new TypeError('undefined is not a function')],
  ])('is not written again after %s', async (_name, error) => {
    expect(await failuresBefore(1, error)).toEqual({ result: error, tries: 1, waits: [] });
  });
});
