import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MarkedSystem } from './marked-secrets';

let marked: MarkedSystem;
beforeAll(async () => {
  marked = await MarkedSystem.start();
});
afterAll(() => marked.stop());

it('shows none of its secrets in logs, rows, histories, replies or metrics, whatever happens', async () => {
  await marked.runOnSandbox();
  await marked.runOnEchoes();
  await marked.administer();
  await marked.readEverything();
  const found = await marked.search();
  console.log(`${marked.secrets.size} secrets looked for, ${found.length} found`);
  expect(found).toEqual([]);
  expect(marked.secrets.size).toBeGreaterThanOrEqual(20);
  expect([...marked.secrets].filter(([, value]) => value.length < 12)).toEqual([]);
}, 240_000);
