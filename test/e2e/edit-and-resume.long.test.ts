import { describe, it } from '@jest/globals';
import { proveEditAndResume } from './edit-and-resume';

describe('edit and resume on the real system, at full size', () => {
  it('pays for what was changed and what is made from it, of a hundred random graphs and edits', async () => {
    await proveEditAndResume(100);
  }, 1_200_000);
});
