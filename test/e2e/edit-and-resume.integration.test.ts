import { describe, it } from '@jest/globals';
import { proveEditAndResume } from './edit-and-resume';

describe('edit and resume on the real system', () => {
  it('pays for what was changed and what is made from it, of random graphs and edits', async () => {
    await proveEditAndResume(5);
  });
});
