import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { apiProcesses, type ApiProcesses } from './support/api-process';
import { textToImage } from './support/graphs';

let processes: ApiProcesses;
let headers: Record<string, string>;

beforeAll(async () => {
  processes = await apiProcesses();
  headers = { Authorization: `Bearer ${processes.key}`, 'Content-Type': 'application/json' };
});
afterAll(() => processes.close());

const json = async (response: Response): Promise<ReturnType<typeof JSON.parse>> =>
  JSON.parse(await response.text());

describe('the API process', () => {
  it('serves the bootstrap key, answers waiting polls when told to stop, and exits 0', async () => {
    const { child, url, output } = await processes.start();
    const body = JSON.stringify(textToImage);
    const executed = await fetch(`${url}/api/v1/workflows/inline/execute`, { method: 'POST', headers, body });
    expect(executed.status).toBe(201);
    const { executionId } = await json(executed);
    const waiting = fetch(`${url}/api/v1/workflows/executions/${executionId}/poll?wait=60`, { headers });
    await fetch(`${url}/livez`);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await json(await waiting)).status).toBe('RUNNING');
    expect(await exited).toEqual([0, null]);
    expect(output()).not.toContain(processes.key);
  });

  it('starts again on the same database with the same key and the same credits', async () => {
    const { child, url } = await processes.start();
    const answer = await fetch(`${url}/api/v1/workflows/executions`, { headers });
    expect((await json(answer)).data).toHaveLength(1);
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('says which settings are missing', async () => {
    const { output, url } = await processes.start({ DATABASE_URL: '', EVERFRAME_ASSET_SECRET: 'short' });
    expect(url).toBe('');
    expect(output()).toMatch(/DATABASE_URL[\s\S]*EVERFRAME_ASSET_SECRET/);
  });
});
