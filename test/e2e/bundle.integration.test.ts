import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extract, pack } from 'tar-stream';
import { z } from 'zod';
import type { ReplayReport } from '../../pipeline/replay-report';
import { runCommand } from '../cli/support/run-command';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

const folder = mkdtempSync(path.join(tmpdir(), 'everframe-bundle-'));
const file = (name: string) => path.join(folder, name);

/** Two texts of 5 KB, together too long to stay inline. */
const long = 'a long tale of two herons and a lighthouse '.repeat(120);

/** Values, pure functions (one with a stored result), a paid picture, local work on it. */
const graph = aGraph('Bundled bittern')
  .node('tale', 'input:text', { value: long })
  .node('capitals', 'utility:text_upper')
  .edge('prompt', 'capitals')
  .node('coda', 'input:text', { value: long })
  .node('both', 'utility:text_join')
  .edge('tale', 'both')
  .edge('coda', 'both')
  .node('shout', 'utility:text_upper')
  .edge('both', 'shout')
  .node('image', 'generate:flux_2_pro', { seed: 7 }, { cache: 'workspace' })
  .edge('capitals', 'image')
  .node('small', 'image:resize', { width: 64 })
  .edge('image', 'small')
  .build();

/** A list of which one element fails and is put up with, each in a loop of two tries, and a branch that is not taken. */
const grouped = aGraph('x')
  .group('each', 'control:map', {
    items: ['a finch', 'forbidden toad'],
    itemType: 'text',
    allowPartial: true,
  })
  .member('each', 'loop', 'control:refine', { rounds: 2, vary: { grade: [0.9, 0.1] } })
  .member('loop', 'image', 'generate:flux_2_pro', { prompt: '${nodes.each.item}, try ${nodes.loop.round}' })
  .member('loop', 'small', 'image:resize', { width: 64 })
  .edge('image', 'small')
  .member('loop', 'grade', 'utility:math_clamp', { min: 0, max: 1 })
  .edge('loop', 'grade', { sourceHandle: 'grade', targetHandle: 'number' })
  .edge('small', 'loop', { targetHandle: 'result' })
  .edge('grade', 'loop', { targetHandle: 'score' })
  .edge('loop', 'each', { sourceHandle: 'result', targetHandle: 'result' })
  .node('route', 'control:router', { routes: [{ name: 'long', when: { is: 'contains', value: 'y' } }] })
  .edge('prompt', 'route', { targetHandle: 'value' })
  .node('shout', 'utility:text_upper')
  .edge('route', 'shout', { sourceHandle: 'long' })
  .build();

/** A picture that is made once, and edited twice. */
const batch = {
  ...aGraph('Batched bittern')
    .node('image', 'generate:flux_2_pro')
    .edge('prompt', 'image')
    .node('edit', 'edit:flux_2_edit', { prompt: 'x' })
    .edge('image', 'edit', { targetHandle: 'images' })
    .build(),
  iteratorConfigs: [{ nodeId: 'edit', path: 'prompt', values: ['at dawn', 'at dusk'] }],
};

/** One execution pays for its picture, the next takes it from the cache, the last fails at one picture and is resumed. */
beforeAll(async () => {
  const test = await TestSystem.start();
  const environment = {
    EVERFRAME_API_URL: test.system.urls.api,
    EVERFRAME_API_KEY: test.system.credentials.keys.test,
  };
  const run = async (body: object) => {
    const { executionId } = await test.client.execute(body);
    await test.client.wait(executionId);
    return executionId;
  };
  const save = async (name: string, executionId: string) => {
    const words = ['bundle', executionId, '-o', name];
    const { exitCode, stderr } = await runCommand(words, { environment, workingFolder: folder });
    if (exitCode !== 0) throw new Error(`no bundle ${name}: ${stderr}`);
  };
  try {
    await save('paid.tar', await run(graph));
    await save('cached.tar', await run(graph));
    await test.setFaults([{ contains: 'forbidden toad', action: 'refuse' }]);
    const failed = await run(
      aGraph('calm heron')
        .node('bad', 'generate:flux_2_pro', { prompt: 'forbidden toad' })
        .node('small', 'image:resize', { width: 64 })
        .edge('bad', 'small')
        .node('good', 'generate:flux_2_pro')
        .edge('prompt', 'good')
        .build(),
    );
    await save('failed.tar', failed);
    await save('grouped.tar', await run(grouped));
    const batchId = await run(batch);
    await save('batch.tar', batchId);
    const { data: items } = await test.client.listItems(batchId);
    await save('item.tar', items[1]?.executionId ?? '');
    const changes = [{ on: ['content_refused'], set: { prompt: 'a tame toad' } }];
    const changed = await run(
      aGraph('forbidden toad')
        .node('image', 'generate:flux_2_pro', {}, { retry: { changes } })
        .edge('prompt', 'image')
        .build(),
    );
    await save('changed.tar', changed);
    await test.setFaults([]);
    await test.client.resume(failed);
    await test.client.wait(failed);
    await save('resumed.tar', failed);
  } finally {
    // From here on there is no API, no provider, no database of ours: a replay needs none.
    await test.stop();
  }
}, 150_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function replay(name: string) {
  const result = await runCommand(['replay', name, '--json'], { environment: {}, workingFolder: folder });
  return { exitCode: result.exitCode, report: result.json() as ReplayReport };
}

const manifestSchema = z.looseObject({
  nodes: z.array(z.looseObject({ nodeId: z.string(), outputs: z.record(z.string(), z.unknown()) })),
  plan: z.looseObject({ nodes: z.array(z.looseObject({ id: z.string(), config: z.looseObject({}) })) }),
});
type Manifest = z.infer<typeof manifestSchema>;

interface Changes {
  readonly manifest?: (manifest: Manifest) => void;
  /** Undefined leaves the file out. */
  readonly asset?: (bytes: Buffer, sha256: string) => Buffer | undefined;
}

/** A bundle with something else in it than was recorded. */
async function change(from: string, to: string, { manifest, asset }: Changes): Promise<void> {
  const [entries, archive] = [extract(), pack()];
  const written = pipeline(Readable.from(archive), createWriteStream(file(to)));
  const read = pipeline(createReadStream(file(from)), entries);
  for await (const entry of entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    const bytes = Buffer.concat(chunks);
    const { name } = entry.header;
    let kept: Buffer | undefined = bytes;
    if (name === 'bundle.json' && manifest) {
      const parsed = manifestSchema.parse(JSON.parse(bytes.toString()));
      manifest(parsed);
      kept = Buffer.from(JSON.stringify(parsed));
    }
    if (name.startsWith('assets/') && asset) kept = asset(bytes, name.slice('assets/'.length));
    if (kept !== undefined) archive.entry({ name }, kept);
  }
  archive.finalize();
  await Promise.all([read, written]);
}

/** The digest of the picture that the provider made. */
async function pictureOf(bundle: string): Promise<string> {
  let sha256 = '';
  await change(bundle, 'same.tar', {
    manifest: ({ nodes }) => {
      const image = nodes.find(({ nodeId }) => nodeId === 'image')?.outputs['image'];
      sha256 = z.object({ sha256: z.string() }).parse(image).sha256;
    },
  });
  return sha256;
}

describe('a bundle', () => {
  it('replays without any server to the same results: given, computed again, and taken by request', async () => {
    const { exitCode, report } = await replay('paid.tar');
    expect(report.nodes.map(({ nodeId, source, verdict }) => [nodeId, source, verdict]).sort()).toEqual([
      ['both', 'computed', 'equal'],
      ['capitals', 'computed', 'equal'],
      ['coda', 'value', 'equal'],
      ['image', 'recorded', 'equal'],
      ['prompt', 'value', 'equal'],
      ['shout', 'computed', 'equal'],
      ['small', 'computed', 'equal'],
      ['tale', 'value', 'equal'],
    ]);
    expect([exitCode, report.isEqual, report.firstDifference]).toEqual([0, true, null]);
  });

  it('holds what a cached node took from another execution', async () => {
    expect(await replay('cached.tar')).toMatchObject({ exitCode: 0, report: { isEqual: true } });
  });

  it('replays an item of a batch with what was paid once for all, and the batch itself', async () => {
    expect(await replay('item.tar')).toMatchObject({ exitCode: 0, report: { isEqual: true } });
    expect(await replay('batch.tar')).toMatchObject({ exitCode: 0, report: { isEqual: true } });
  });

  it('of a failed execution compares what was finished', async () => {
    const { exitCode, report } = await replay('failed.tar');
    expect(Object.fromEntries(report.nodes.map(({ nodeId, verdict }) => [nodeId, verdict]))).toEqual({
      prompt: 'equal',
      bad: 'not_compared',
      small: 'not_compared',
      good: 'equal',
    });
    expect(exitCode).toBe(0);
  });

  it('goes through lists, loops and branches step by step', async () => {
    const { exitCode, report } = await replay('grouped.tar');
    const verdicts = new Map(
      report.nodes.map(({ nodeId, source, verdict }) => [nodeId, `${source} ${verdict}`]),
    );
    expect(Object.fromEntries(verdicts)).toMatchObject({
      'image.1.1': 'recorded equal',
      'small.1.2': 'computed equal',
      'loop.1': 'computed equal',
      'image.2.1': 'none not_compared',
      'loop.2': 'none not_compared',
      ...{ each: 'computed equal', route: 'computed equal', shout: 'none not_compared' },
    });
    expect([exitCode, report.isEqual]).toEqual([0, true]);
  });

  it('of a resumed execution holds what both attempts made', async () => {
    const { exitCode, report } = await replay('resumed.tar');
    expect(report.nodes.map(({ verdict }) => verdict)).toEqual(['equal', 'equal', 'equal', 'equal']);
    expect(exitCode).toBe(0);
  });

  it('holds what was served with a change after a failure', async () => {
    expect(await replay('changed.tar')).toMatchObject({ exitCode: 0, report: { isEqual: true } });
  });

  it('with a tampered picture names the node whose result it is', async () => {
    const picture = await pictureOf('paid.tar');
    const asset = (bytes: Buffer, sha256: string) =>
      sha256 === picture ? Buffer.concat([bytes, Buffer.from('x')]) : bytes;
    await change('paid.tar', 'tampered.tar', { asset });
    const { exitCode, report } = await replay('tampered.tar');
    expect([exitCode, report.isEqual, report.firstDifference]).toEqual([1, false, 'image']);
    expect(report.nodes.find(({ nodeId }) => nodeId === 'image')).toMatchObject({
      verdict: 'different',
      reason: 'another result at image',
    });
    expect(report.nodes.find(({ nodeId }) => nodeId === 'shout')?.verdict).toBe('equal');
  });

  it('with a file left out names the node that it was the result of', async () => {
    const picture = await pictureOf('paid.tar');
    const asset = (bytes: Buffer, sha256: string) => (sha256 === picture ? undefined : bytes);
    await change('paid.tar', 'missing.tar', { asset });
    const { exitCode, report } = await replay('missing.tar');
    expect([exitCode, report.firstDifference]).toEqual([1, 'image']);
    const { reason } = report.nodes.find(({ nodeId }) => nodeId === 'image') ?? {};
    expect(reason).toBe(`The file ${picture} is not in the bundle.`);
  });

  it('with another request has no result for it', async () => {
    const manifest = ({ plan }: Manifest) => {
      for (const node of plan.nodes) if (node.id === 'image') Object.assign(node.config, { seed: 8 });
    };
    await change('paid.tar', 'asked.tar', { manifest });
    const { exitCode, report } = await replay('asked.tar');
    expect([exitCode, report.firstDifference]).toEqual([1, 'image']);
    const { reason } = report.nodes.find(({ nodeId }) => nodeId === 'image') ?? {};
    expect(reason).toMatch(/asks fal:fal-ai\/flux-2-pro something else than was recorded/);
  });

  it('with a node less in its plan does not pass for the same', async () => {
    const manifest = ({ plan }: Manifest) => {
      plan.nodes = plan.nodes.filter(({ id }) => id !== 'small');
    };
    await change('paid.tar', 'shortened.tar', { manifest });
    const { exitCode, report } = await replay('shortened.tar');
    expect([exitCode, report.isEqual, report.firstDifference]).toEqual([1, false, 'small']);
  });

  it('is told to people as a table with the first difference', async () => {
    const words = ['replay', 'tampered.tar'];
    const { exitCode, stdout } = await runCommand(words, { environment: {}, workingFolder: folder });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /image +generate:flux_2_pro +from the bundle +DIFFERENT +image recorded \w{12}, replayed \w{12}/,
    );
    expect(stdout).toContain('The first difference is at node "image" (generate:flux_2_pro)');
  });
});
