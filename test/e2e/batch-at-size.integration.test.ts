import { describe, expect, it } from '@jest/globals';
import { proveBatch } from './batch-at-size';

describe('a batch whose worker is killed while items fail for good', () => {
  it('delivers the others, leaves the failed ones in the dead letters, and redrives those alone', async () => {
    const size = { items: 24, failsEvery: 8, kills: 1, providerMs: 300, window: 8 };
    expect(await proveBatch(size)).toContain('24 items');
  });
});
