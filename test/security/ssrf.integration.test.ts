import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SsrfRange } from './ssrf';

/** Each so-many-th URL of the corpus; all of them in ssrf.long.test.ts. */
const EVERY = 15;

let range: SsrfRange;
beforeAll(async () => {
  range = await SsrfRange.start();
});
afterAll(() => range.stop());

it('reaches no server of this machine by URLs of users or of a provider that has turned', async () => {
  await Promise.all([
    range.drive('input:image.value', 'import', [...range.corpus(EVERY), ...range.redirected(EVERY)]),
    range.drive('executeWorkflow.callbackUrl', 'callback', [...range.corpus(EVERY), ...range.redirected(60)]),
    range.drive('createSubscription.url', 'subscription', range.corpus(60)),
    range.drive('output:http.url', 'http', range.corpus(30)),
    range.drive('output:s3.endpoint', 'bucket', range.corpus(30)),
    range.driveResults([...range.corpus(EVERY), ...range.redirected(60)]),
  ]);
  const { tried, refused, canaryHits, strayAddresses, traitorHits } = await range.report();
  expect({ canaryHits, strayAddresses }).toEqual({ canaryHits: [], strayAddresses: [] });
  expect(tried).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(0);
  expect(traitorHits).toBeGreaterThan(30);
});
