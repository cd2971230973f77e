import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computeMedia } from '../../activities/run-media';
import { createLocalAssetStore } from '../../store/assets/local-asset-store';
import type { AssetStore } from '../../store/assets/asset-store';
import type { NewAsset } from '../../store/database/assets';
import type {
  AssetReference,
  JsonObject,
  NodeInputs,
  NodeOutputs,
  StepInput,
} from '../../workflows/contract';
import { definitionOf } from '../pipeline/nodes/sample-request';
import { createMediaFixtures, type MediaFixtures } from './media/media-fixtures';

const accountId = 'acc_1';

describe('computeMedia', () => {
  let folder: string;
  let fixtures: MediaFixtures;
  let store: AssetStore;
  let red: AssetReference;
  let blue: AssetReference;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'everframe-compute-'));
    store = createLocalAssetStore(join(folder, 'assets'));
    fixtures = await createMediaFixtures();
    const stored = async (background: string): Promise<AssetReference> => {
      const path = await fixtures.picture(`${background}.png`, {
        width: 40,
        height: 20,
        format: 'png',
        background,
      });
      const bytes = await store.put(accountId, { path }, { mimeType: 'image/png', maxBytes: 1e6 });
      return registerAsset({
        accountId,
        ...bytes,
        type: 'image',
        mimeType: 'image/png',
        width: 40,
        height: 20,
      });
    };
    [red, blue] = [await stored('red'), await stored('blue')];
  });
  afterAll(async () => {
    await fixtures.remove();
    await rm(folder, { recursive: true, force: true });
  });

  async function compute(nodeType: string, config: JsonObject, inputs: NodeInputs): Promise<NodeOutputs> {
    const definition = definitionOf(nodeType);
    const step: StepInput = {
      ...{ executionId: 'exe_1', accountId, mode: 'test', step: 'n1', nodeId: 'n1', nodeType },
      ...{ nodeTypeVersion: 1, nodeKey: 'k', config, texts: [], inputs, timeoutSeconds: 30, attemptsMax: 1 },
    };
    const deps = { assetStore: store, registerAsset, settings: { workFolder: join(folder, 'work') } };
    return computeMedia(deps, definition, step, new AbortController().signal);
  }

  it('gives all the files of a port to the work, and leaves no file of its own behind', async () => {
    const outputs = await compute('image:join', {}, { images: [red, blue, red] });

    expect(outputs).toMatchObject({
      image: { type: 'image', mimeType: 'image/png', width: 120, height: 20 },
    });
    const left = (await readdir(join(folder, 'work'))).filter((name) => name.startsWith('media-'));
    expect(left).toEqual([]);
  });

  it('gives a text of an edge to the work in place of the config', async () => {
    const outputs = await compute(
      'image:caption',
      { text: 'from config', place: 'below', sizeShare: 0.3 },
      { image: red, text: 'from an edge, and much longer than that of the config: it takes several lines' },
    );

    expect(outputs).toMatchObject({ image: { width: 40 } });
    expect((outputs['image'] as AssetReference).height).toBeGreaterThan(60);
  });

  it('stores a list of pictures as a list of assets', async () => {
    const { images } = await compute('image:split_tiles', { columns: 2, rows: 1 }, { image: red });

    expect(images).toMatchObject([
      { type: 'image', width: 20, height: 20 },
      { type: 'image', width: 20, height: 20 },
    ]);
  });

  it('gives the values that a work finds', async () => {
    const outputs = await compute('image:compare', {}, { a: red, b: red });

    expect(outputs).toMatchObject({ similarity: 1, info: { hashDistance: 0 } });
  });

  it('needs no file where the work takes none', async () => {
    const outputs = await compute('audio:silence', { durationSeconds: 0.2, format: 'wav' }, {});

    expect(outputs).toMatchObject({
      audio: { mimeType: 'audio/wav', durationSeconds: expect.closeTo(0.2, 1) },
    });
  });

  it('fails by name when the work cannot be done', async () => {
    await expect(compute('image:crop', { width: 90, height: 90 }, { image: red })).rejects.toMatchObject({
      type: 'MediaFailed',
      message: expect.stringContaining('reaches outside the picture of 40 × 20'),
    });
  });
});

function registerAsset(asset: NewAsset): Promise<AssetReference> {
  const { sha256, type, mimeType, bytes, width, height, durationSeconds } = asset;
  return Promise.resolve({
    ...{ assetId: `ast_${sha256.slice(0, 8)}`, sha256, type, mimeType, bytes },
    ...{ width, height, durationSeconds },
  });
}
