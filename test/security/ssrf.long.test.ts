import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SsrfRange } from './ssrf';
import { urlFields } from './url-fields';

let range: SsrfRange;
beforeAll(async () => {
  range = await SsrfRange.start();
});
afterAll(() => range.stop());

it('reaches no server of this machine by any field, with the whole corpus, directly and by redirects', async () => {
  for (const [field, use] of Object.entries(urlFields)) {
    if (typeof use !== 'string') continue;
    await range.drive(field, use, range.corpus());
    await range.drive(field, use, range.redirected());
  }
  await range.driveResults(range.corpus());
  await range.driveResults(range.redirected());
  const { tried, refused, canaryHits, strayAddresses, traitorHits } = await range.report();
  console.log(
    `${tried} URLs asked for, ${refused} refused by their form, ${traitorHits} redirects and results`,
  );
  expect({ canaryHits, strayAddresses }).toEqual({ canaryHits: [], strayAddresses: [] });
  expect(tried).toBeGreaterThan(1_000);
}, 900_000);
