import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { assetViewSchema, executionViewSchema } from '../../pipeline/execution-view';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

const project = join(__dirname, '../..');
const example = join(project, 'examples/text-to-image-upscale.json');
const folder = mkdtempSync(join(tmpdir(), 'everframe-cli-run-'));
let test: TestSystem;

beforeAll(async () => {
  test = await TestSystem.start();
});

afterEach(() => test.setFaults([]));

afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The built command as a process of its own, in an empty folder. */
function startEverframe(words: readonly string[], apiKey = test.system.credentials.keys.test) {
  const child = spawn(process.execPath, [join(project, 'dist/cli/main.js'), ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'], EVERFRAME_API_URL: test.system.urls.api, EVERFRAME_API_KEY: apiKey },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const result = ended.then(([stdout, stderr, [exitCode]]) => ({
    stdout,
    stderr,
    exitCode: Number(exitCode),
  }));
  return { child, result };
}

async function everframe(words: readonly string[], apiKey?: string) {
  const { stdout, stderr, exitCode } = await startEverframe(words, apiKey).result;
  return { stdout, stderr, exitCode, json: (): unknown => JSON.parse(stdout) };
}

function writeGraph(name: string, graph: object): string {
  writeFileSync(join(folder, name), JSON.stringify(graph));
  return name;
}

describe('the everframe command on a real system', () => {
  it('runs the example to its end: one JSON document, exit code 0, a 4K picture on disk', async () => {
    const words = ['run', example, '--wait', '--json', '--out', 'made', '--tag', 'cli'];
    const { exitCode, stderr, json } = await everframe(words);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/upscale +COMPLETED/),
    });
    const document = json() as { files: Record<string, string[]> };
    expect(executionViewSchema.parse(document).status).toBe('COMPLETED');
    const [path = ''] = document.files['upscale'] ?? [];
    const { format, width, height } = await sharp(join(folder, path)).metadata();
    expect(format).toBe('png');
    expect(Math.max(width, height)).toBeGreaterThanOrEqual(3_840);
    const listed = (await everframe(['executions', '--tag', 'cli', '--json'])).json();
    expect(listed).toMatchObject({ data: [{ status: 'COMPLETED' }] });
  });

  it('ends with 1 for a run that fails, and its resume tells what is not paid again and ends with 0', async () => {
    const graph = aGraph('cli teapot')
      .node('image', 'generate:flux_2_pro')
      .edge('prompt', 'image')
      .node('upscale', 'image:crystal_upscaler')
      .edge('image', 'upscale')
      .build();
    await test.setFaults(
      ['clarityai/crystal-upscaler', 'philz1337x/crystal-upscaler'].map((model) => ({
        ...{ model, action: 'fail_job' as const },
      })),
    );
    const failed = await everframe(['run', writeGraph('failing.json', graph), '--wait', '--json']);
    expect(failed.exitCode).toBe(1);
    const view = executionViewSchema.parse(failed.json());
    expect(view).toMatchObject({ status: 'FAILED', failure: { nodeId: 'upscale', resumable: true } });

    await test.setFaults([]);
    const resumed = await everframe(['resume', view.executionId, '--wait', '--json']);
    expect(resumed.exitCode).toBe(0);
    expect(resumed.json()).toMatchObject({
      status: 'COMPLETED',
      attempt: 2,
      resume: { rerun: ['upscale'], creditsNotSpentAgain: view.nodes['image']?.credits },
    });
    expect(await test.accepted({ prompt: 'cli teapot' })).toHaveLength(1);
  });

  it('uploads a picture, which a graph then takes by its id and resizes', async () => {
    const picture = sharp({ create: { width: 60, height: 40, channels: 3, background: 'red' } });
    writeFileSync(join(folder, 'photo.png'), await picture.png().toBuffer());
    const { assetId } = assetViewSchema.parse(
      (await everframe(['assets', 'upload', 'photo.png', '--json'])).json(),
    );
    const nodes = [
      { id: 'photo', data: { nodeType: 'input:image' } },
      { id: 'small', data: { nodeType: 'image:resize', config: { width: 30 } } },
    ];
    const edges = [{ id: 'e1', source: 'photo', target: 'small' }];
    const graph = { nodes, edges, triggerData: { photo: { assetId } } };
    const run = await everframe(['run', writeGraph('photo.json', graph), '--wait', '--json']);
    expect(executionViewSchema.parse(run.json())).toMatchObject({
      status: 'COMPLETED',
      output: { small: { image: { width: 30, height: 20 } } },
    });
  });

  it('ends with 2 for a malformed graph and names every fault with its place and fix', async () => {
    const graph = aGraph('x').node('image', 'generate:nothing').edge('prompt', 'gone').build();
    const path = writeGraph('malformed.json', graph);
    const { exitCode, stdout, stderr } = await everframe(['run', path, '--wait']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^ {2}nodes\[1\].*: .*generate:nothing.* Fix: /m);
    expect(stderr).toMatch(/^ {2}edges\[0\].*: .*gone.* Fix: /m);
    const { json } = await everframe(['run', path, '--json']);
    expect(json()).toMatchObject({ issues: [{ path: expect.any(String) }, { path: expect.any(String) }] });
  });

  it('lets the run go on when Ctrl-C ends the waiting', async () => {
    const graph = aGraph('A tram in the rain')
      .node('image', 'generate:flux_2_pro')
      .edge('prompt', 'image')
      .build();
    await test.setFaults([{ contains: 'A tram in the rain', action: 'hold_job' }]);
    const { child, result } = startEverframe(['run', writeGraph('graph.json', graph), '--wait']);
    child.stdout.on('data', (shown: Buffer) => {
      if (shown.includes('execution exe_')) setImmediate(() => child.kill('SIGINT'));
    });
    const { exitCode, stdout, stderr } = await result;
    const executionId = /execution (exe_\w+)/.exec(stdout)?.[1] ?? '';
    expect(exitCode).toBe(130);
    expect(stderr).toContain(`npx everframe poll ${executionId} --wait`);
    await test.setFaults([]);
    expect((await everframe(['poll', executionId, '--wait'])).exitCode).toBe(0);
  });

  it('makes a key that works until it is revoked', async () => {
    const created = (await everframe(['keys', 'create', '--name', 'cli', '--json'])).json();
    const { key, keyId } = created as { key: string; keyId: string };
    expect(await everframe(['nodes', 'text:llm', '--json'], key)).toMatchObject({ exitCode: 0 });
    await everframe(['keys', 'revoke', keyId]);
    expect(await everframe(['nodes'], key)).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
