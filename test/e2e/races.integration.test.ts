import { describe, it } from '@jest/globals';
import { proveRaces } from './races';

describe('races', () => {
  it('of posts with one key and of resumes start one run each', async () => {
    await proveRaces(3);
  });
});
