import { describe, it } from '@jest/globals';
import { proveUpgrade } from './upgrade';

describe('an upgrade under way', () => {
  it('loses none of 20 runs across a publication, a rollback, a new build of the workers and the way back, and pays nothing twice', async () => {
    await proveUpgrade(20);
  }, 300_000);
});
