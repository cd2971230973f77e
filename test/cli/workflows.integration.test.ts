import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { textToImage } from '../api/support/graphs';
import { startTestApi, type TestApi } from '../api/support/test-api';
import { runCommand } from './support/run-command';

const folder = mkdtempSync(join(tmpdir(), 'everframe-workflows-'));
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

function everframe(...words: readonly string[]) {
  const environment = { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: api.account.key };
  return runCommand(words, { environment, workingFolder: folder });
}

const read = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const write = (file: string, document: object) => writeFileSync(join(folder, file), JSON.stringify(document));

/** A file that has been pushed once; its workflow's id. */
async function aPushedFile(file: string): Promise<string> {
  write(file, { name: 'Posters', ...textToImage });
  expect((await everframe('workflows', 'push', file)).exitCode).toBe(0);
  return read(file).workflowId;
}

describe('everframe workflows', () => {
  it('writes the id of a new workflow into its file, whose other content stays', async () => {
    const workflowId = await aPushedFile('new.json');
    expect(read('new.json')).toEqual({ workflowId, name: 'Posters', ...textToImage });
    await everframe('workflows', 'push', 'new.json');
    expect((await everframe('workflows', 'list', '--json')).json()).toMatchObject({
      data: [{ workflowId, name: 'Posters', revision: 2, published: null }],
    });
  });

  it('publishes, shows what has changed since, and rolls back', async () => {
    const workflowId = await aPushedFile('cycle.json');
    const published = await everframe('workflows', 'publish', 'cycle.json', '--note', 'first');
    expect(published.stdout).toMatch(/version 1 \(1\.0\.0\) is published[^]*\/api\/v1\/workflow\/whk_/);
    const document = read('cycle.json');
    document.nodes[1].data.nodeType = 'generate:nano_banana_pro';
    write('cycle.json', document);
    await everframe('workflows', 'push', 'cycle.json');
    expect((await everframe('workflows', 'diff', workflowId)).stdout).toContain(
      '~ node image\n    data.nodeType: "generate:flux_2_pro" → "generate:nano_banana_pro"',
    );
    await everframe('workflows', 'publish', workflowId, '--bump', 'major');
    const versions = (await everframe('workflows', 'versions', workflowId, '--json')).json();
    expect(versions).toMatchObject([
      { version: 2, tag: '2.0.0' },
      { version: 1, note: 'first' },
    ]);
    const { stdout } = await everframe('workflows', 'rollback', 'cycle.json');
    expect(stdout).toBe('version 1 (1.0.0) is published\n');
  });

  it('pulls what it has pushed', async () => {
    const workflowId = await aPushedFile('there.json');
    await everframe('workflows', 'pull', workflowId, 'back.json');
    const { nodes, edges } = textToImage;
    expect(read('back.json')).toEqual({ workflowId, name: 'Posters', description: '', nodes, edges });
  });

  it('runs a published workflow by its id', async () => {
    const workflowId = await aPushedFile('run.json');
    await everframe('workflows', 'publish', workflowId);
    const run = await everframe(
      'run',
      workflowId,
      '--trigger',
      'prompt=A lake',
      '--version-of-workflow',
      '1',
      '--json',
    );
    expect(run.json()).toMatchObject({ workflowId, version: 1, status: 'RUNNING' });
  });

  it('ends with 2 and every fault when the draft cannot be published', async () => {
    write('faulty.json', { nodes: [{ id: 'a', data: { nodeType: 'no:such' } }], edges: [] });
    expect((await everframe('workflows', 'push', 'faulty.json')).stdout).toContain('nodes[0].data.nodeType');
    const { exitCode, stderr } = await everframe('workflows', 'publish', 'faulty.json');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('nodes[0].data.nodeType');
  });

  it('says what to do with a file that was never pushed', async () => {
    write('fresh.json', textToImage);
    const { exitCode, stderr } = await everframe('workflows', 'publish', 'fresh.json');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('everframe workflows push fresh.json')]);
  });
});
