import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../api/support/test-api';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

/** The guides' own words: only host, key, ids and the elided graph are put in. */
const snippet = (name: string, host: string) =>
  readFileSync(join(__dirname, '../fixtures/guides', name), 'utf8').replace('https://www.wireflow.ai', host);

const run = promisify(execFile);
const { nodes, edges } = aGraph('x').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();

describe('curl, as the guides write it', () => {
  let test: TestSystem;
  beforeAll(async () => {
    test = await TestSystem.start();
  });
  afterAll(() => test.stop());

  async function curl(name: string, values: Readonly<Record<string, string>>): Promise<unknown> {
    const text = Object.entries(values).reduce(
      (filled, [word, value]) => filled.replace(word, () => value),
      snippet(name, test.system.urls.api),
    );
    return JSON.parse((await run('bash', ['-c', text])).stdout);
  }

  it('starts a graph and polls it until it is COMPLETED', async () => {
    const key = test.system.credentials.keys.test;
    const started = await curl('execute.sh', {
      ...{ YOUR_WORKFLOW_ID: 'my-first-workflow', 'sk-your-api-key': key },
      ...{
        '"nodes": [...]': `"nodes": ${JSON.stringify(nodes)}`,
        '"edges": [...]': `"edges": ${JSON.stringify(edges)}`,
      },
    });
    expect(started).toMatchObject({ executionId: expect.stringMatching(/^exe_/), status: 'RUNNING' });
    const { executionId } = started as { executionId: string };
    await test.client.wait(executionId);
    const polled = await curl('poll.sh', { EXECUTION_ID: executionId, 'sk-your-api-key': key });
    expect(polled).toMatchObject({
      status: 'COMPLETED',
      nodes: {
        prompt: { output: { text: 'A sunset over a mountain lake' } },
        image: { output: { image: { url: expect.stringMatching(/^http/) } } },
      },
    });
  });

  it('fires the webhook of a published workflow without a key, and runs it', async () => {
    const { workflowId } = await test.client.workflows.create({ name: 'Mockups', nodes, edges });
    const { webhookId } = await test.client.workflows.publish(workflowId);
    const fired = await curl('webhook.sh', { WEBHOOK_ID: webhookId ?? '' });
    const { executionId } = fired as { executionId: string };
    const view = await test.client.wait(executionId);
    expect(view).toMatchObject({ status: 'COMPLETED', workflowId });
    expect(await test.accepted({ prompt: 'Generate a product mockup on white background' })).toHaveLength(1);
  });
});

describe('the JavaScript of the guides', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  it('waits as Retry-After says when the plan’s limit is reached, and gets its run', async () => {
    const { accountId, key } = await api.createAccount({ plan: 'free' });
    const body = { nodes, edges, triggerData: { prompt: 'A sunset over a mountain lake' } };
    expect((await api.call('POST', '/api/v1/workflows/inline/execute', { key, body })).status).toBe(201);
    // All executions of the minute are used.
    const { pool } = api.dependencies.database;
    const spent = `update rate_limits set points = 1000, expire = $1 where key like 'executionsPerMinute:%' and key like $2`;
    const { rowCount } = await pool.query(spent, [Date.now() + 60_000, `%${accountId}`]);
    expect(rowCount).toBe(1);
    const refused = await api.call('POST', '/api/v1/workflows/inline/execute', { key, body });
    expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    // It is nearly over.
    await pool.query(spent, [Date.now() + 1_500, `%${accountId}`]);
    const call = `executeWithRetry('inline', ${JSON.stringify(body)}, '${key}').then((answer) => console.log(JSON.stringify(answer)));`;
    const script = `${snippet('execute-with-retry.js.txt', api.url)}\n${call}`;
    const { stdout } = await run(process.execPath, ['-e', script]);
    expect(JSON.parse(stdout)).toMatchObject({
      executionId: expect.stringMatching(/^exe_/),
      status: 'RUNNING',
    });
  });
});
