import { describe, expect, it } from '@jest/globals';
import { proveBatch } from './batch-at-size';
import { proveNeighbours } from './batch-neighbours';

/** `npm run test:long` is silent; the figures are for docs/performance.md. */
function tell(figures: string): void {
  process.stderr.write(`${figures}\n`);
}

describe('a batch, at full size', () => {
  it('of a thousand items with three in a hundred failing and three kills delivers 970 and redrives 30', async () => {
    const size = { items: 1_000, failsEvery: 33, kills: 3, providerMs: 6_000, window: 20 };
    tell(await proveBatch(size));
  }, 3_600_000);

  it('of five hundred items leaves the single run of another account within twice its quiet time', async () => {
    const { figures, ratio } = await proveNeighbours({ items: 500, runs: 5, providerMs: 8_000 });
    tell(figures);
    expect(ratio).toBeLessThan(2);
  }, 3_600_000);
});
