import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { startTestApi, type TestApi } from '../api/support/test-api';
import { runCommand } from './support/run-command';

const folder = mkdtempSync(join(tmpdir(), 'everframe-faces-'));
let api: TestApi;
let workflowId: string;

beforeAll(async () => {
  api = await startTestApi();
  const graph = aGraph('A harbour').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();
  const variants = [
    { name: 'calm', weight: 1, variables: { mood: 'calm' } },
    { name: 'wild', weight: 1, variables: { mood: 'wild' } },
  ];
  writeFileSync(join(folder, 'poster.json'), JSON.stringify({ name: 'Poster', ...graph, variants }));
  await json('workflows push poster.json');
  ({ workflowId } = (await json('workflows publish poster.json')) as { workflowId: string });
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(line: string) {
  const words = line.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
  const environment = { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: api.account.key };
  const result = await runCommand(words, { environment, workingFolder: folder });
  if (result.exitCode !== 0) throw new Error(`${line}: ${result.stdout}${result.stderr}`);
  return result;
}

async function text(line: string): Promise<string> {
  return (await run(line)).stdout;
}

/** Fields of the one JSON document. */
async function json(line: string): Promise<object> {
  const document = (await run(`${line} --json`)).json();
  if (typeof document !== 'object' || document === null) throw new Error(`${line} printed no object.`);
  return document;
}

async function idFrom(line: string, field: string): Promise<string> {
  return String(new Map(Object.entries(await json(line))).get(field));
}

describe('the command line, on a real API', () => {
  it('shows, versions and deletes a workflow', async () => {
    expect(await text(`workflows show poster.json`)).toMatch(/Poster {2}revision 1 {2}published 1\.0\.0/);
    expect(await text(`workflows version ${workflowId} published`)).toContain('generate:flux_2_pro');
    expect(await json(`workflows version ${workflowId} 1`)).toMatchObject({ version: 1, tag: '1.0.0' });
    writeFileSync(join(folder, 'spare.json'), JSON.stringify({ name: 'Spare', nodes: [], edges: [] }));
    const [saved] = Object.values(await json('workflows push spare.json'));
    expect(await text('workflows delete spare.json')).toContain(`${saved.workflowId} is deleted`);
  });

  it('makes, steers and deletes a schedule', async () => {
    const create = `schedules create poster.json --cron "0 2 * * *" --timezone Europe/Berlin --name nightly --paused`;
    const id = await idFrom(create, 'scheduleId');
    expect(await text('schedules list poster.json')).toMatch(/nightly +0 2 \* \* \* +Europe\/Berlin +paused/);
    expect(await text(`schedules resume poster.json ${id}`)).toContain('active');
    expect(await text(`schedules show poster.json ${id}`)).toMatch(/next {2}\d{4}-/);
    expect(await text(`schedules pause poster.json ${id} --note holidays`)).toContain('paused: holidays');
    const saved = await json(`schedules save poster.json ${id} --cron "0 3 * * *" --catch-up 90 --paused`);
    expect(saved).toMatchObject({ cron: ['0 3 * * *'], timezone: 'UTC', catchUpSeconds: 90 });
    expect(await json(`schedules trigger poster.json ${id}`)).toMatchObject({ scheduleId: id });
    const times = '--from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z';
    expect(await json(`schedules backfill poster.json ${id} ${times}`)).toMatchObject({ scheduleId: id });
    expect(await text(`schedules delete poster.json ${id}`)).toContain('is deleted');
  });

  it('makes, rotates and closes webhooks and subscriptions, telling each secret once', async () => {
    const webhook = await idFrom('webhooks create poster.json --name shop', 'webhookId');
    expect(await text('webhooks list poster.json')).toMatch(/shop +signed +http/);
    expect(await text(`webhooks rotate-secret poster.json ${webhook} --overlap 0`)).toMatch(/whsec_\S+/);
    expect(await text(`webhooks delete poster.json ${webhook}`)).toContain('is closed');
    const url = 'https://example.com/hook';
    const create = `subscriptions create poster.json ${url} --type execution.failed`;
    const id = await idFrom(create, 'subscriptionId');
    expect(await text('subscriptions list poster.json')).toMatch(/execution\.failed +on +https:/);
    expect(await text(`subscriptions rotate-secret poster.json ${id}`)).toMatch(/whsec_\S+/);
    expect(await text(`subscriptions enable poster.json ${id}`)).toContain(`${id} tells ${url}`);
    expect(await text(`subscriptions delete poster.json ${id}`)).toContain('is deleted');
    const before = await text('callback-secret');
    expect(await text('callback-secret rotate')).not.toBe(before);
    expect(await text('deliveries --state failed')).toBe('no deliveries\n');
  });

  it('makes an app, calls it, and tells what it takes', async () => {
    expect(await text('apps set poster.json poster')).toContain('/api/v1/apps/poster');
    expect(await text('apps')).toMatch(new RegExp(`poster +${workflowId} +1 +Poster`));
    expect(await text('apps show poster')).toMatch(/inputs\n {2}prompt +text/);
    expect(await json('apps openapi poster')).toMatchObject({ openapi: '3.1.0' });
    const called = await text('apps call poster --input prompt=Rain --wait-seconds 0');
    expect(called).toMatch(/^execution exe_\w+ RUNNING\n\{\}/);
    expect(await text('apps remove poster.json')).toContain('is no app any more');
  });

  it('compares variants, takes feedback and promotes the better one', async () => {
    const executionId = await idFrom(`run ${workflowId} --trigger prompt=Snow`, 'executionId');
    expect(await text(`feedback ${executionId} clicks 0.25`)).toBe(`clicks of ${executionId} is 0.25\n`);
    expect(await text('workflows variants poster.json')).toContain('clicks 0.25 (1)');
    expect(await text('workflows promote poster.json calm')).toContain('(1.1.0) is published');
  });

  it('prints what was recorded of an execution, and its jobs', async () => {
    const executionId = await idFrom(`run ${workflowId} --trigger prompt=Fog`, 'executionId');
    expect(await text(`logs ${executionId}`)).toMatch(/T\S+Z +1 {2}accepted +\{"status":"RUNNING"\}/);
    expect(await json(`logs ${executionId}`)).toMatchObject([{ revision: 1, type: 'accepted' }]);
    const shown = await text(`executions show ${executionId}`);
    expect(shown).toMatch(new RegExp(`^${executionId} {2}RUNNING {2}attempt 1`));
  });

  it('keeps shared prompts, and lists templates that run takes', async () => {
    expect(await text('prompts set brand "calm, honest"')).toBe('${prompts.brand} is set\n');
    expect(await text('prompts set hands "extra fingers" --kind negative')).toContain('negative prompt');
    expect(await text('prompts')).toMatch(/brand +prompt +\S+ +calm, honest/);
    expect(await text('prompts delete brand')).toContain('is deleted');
    const listed = await text('templates');
    const template = listed.split('\n')[1]?.split(' ')[0] ?? '';
    writeFileSync(join(folder, 'template.json'), await text(`templates show ${template}`));
    expect(await json('quote template.json')).toHaveProperty('minCredits');
    expect(await json(`quote ${workflowId} --trigger prompt=Dew`)).toHaveProperty('minCredits');
  });

  it('lists the operations of the API with their names on each face', async () => {
    expect(await text('operations')).toMatch(/resumeExecution +resume +resume +resume_execution/);
  });
});
