import { describe, it } from '@jest/globals';
import { proveRaces } from './races';

describe('races, at full size', () => {
  it('of fifty posts with one key and of twenty resumes start one run each, a thousand times', async () => {
    await proveRaces(1_000);
  }, 3_600_000);
});
