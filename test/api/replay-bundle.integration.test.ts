import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extract } from 'tar-stream';
import { replayBundleSchema, type ReplayBundle } from '../../pipeline/replay-bundle';
import { assets } from '../../store/database/assets';
import { INTERPRETER_VERSION, type AssetReference } from '../../workflows/contract';
import { completeImage } from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const path = (executionId: string) => `/api/v1/workflows/executions/${executionId}/bundle`;

async function execute(): Promise<string> {
  const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', { body: textToImage });
  return body.executionId;
}

/** A picture of the account, its bytes stored. */
async function picture(text: string): Promise<AssetReference> {
  const { database, assetStore } = api.dependencies;
  const { accountId } = api.account;
  const options = { mimeType: 'image/png', maxBytes: 1_000 };
  const stored = await assetStore.put(accountId, Buffer.from(text), options);
  return assets.register(database, { ...stored, accountId, type: 'image', mimeType: 'image/png' });
}

async function completed(text: string) {
  const executionId = await execute();
  const image = await picture(text);
  await completeImage(api.dependencies, executionId, image);
  return { executionId, image };
}

/** The files of an archive by name. */
async function unpack(executionId: string) {
  const response = await fetch(`${api.url}${path(executionId)}`, {
    headers: { Authorization: `Bearer ${api.account.key}` },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const entries = extract();
  const read = pipeline(Readable.from([bytes]), entries);
  const files = new Map<string, Buffer>();
  for await (const entry of entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  await read;
  const manifest: ReplayBundle = replayBundleSchema.parse(JSON.parse(String(files.get('bundle.json'))));
  return { response, bytes, files, manifest };
}

describe('GET /workflows/executions/:id/bundle', () => {
  it('is one archive with graph, plan, versions, results, their hashes, and the files by their digest', async () => {
    const { executionId, image } = await completed('a picture');
    const { response, files, manifest } = await unpack(executionId);
    expect(response.headers.get('content-type')).toBe('application/x-tar');
    expect(response.headers.get('content-disposition')).toContain(`${executionId}.tar`);
    expect([...files.keys()]).toEqual(['bundle.json', `assets/${image.sha256}`]);
    expect(String(files.get(`assets/${image.sha256}`))).toBe('a picture');
    expect(manifest).toMatchObject({
      release: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      execution: { executionId, status: 'COMPLETED', mode: 'test' },
      triggerData: textToImage.triggerData,
      plan: { interpreter: INTERPRETER_VERSION },
      nodes: [
        { nodeId: 'prompt', outputHashes: { text: expect.any(String) } },
        { nodeId: 'image', nodeTypeVersion: 1, outputHashes: { image: expect.any(String) } },
      ],
      assets: [{ sha256: image.sha256, bytes: 'a picture'.length }],
      missingAssets: [],
    });
  });

  it('is the same, byte for byte, each time', async () => {
    const { executionId } = await completed('the same picture');
    expect((await unpack(executionId)).bytes).toEqual((await unpack(executionId)).bytes);
  });

  it('names the files that are not in the asset store any more', async () => {
    const { executionId, image } = await completed('a lost picture');
    await api.dependencies.assetStore.delete(api.account.accountId, image.sha256);
    const { files, manifest } = await unpack(executionId);
    expect([...files.keys()]).toEqual(['bundle.json']);
    expect([manifest.assets, manifest.missingAssets]).toEqual([[], [image.sha256]]);
  });

  it('answers 409 until the execution has ended', async () => {
    const { status, body } = await api.call('GET', path(await execute()));
    expect([status, body.code]).toEqual([409, 'execution_not_ended']);
  });

  it('answers 404 for a foreign id', async () => {
    const { executionId } = await completed('a foreign picture');
    const { key } = await api.createAccount();
    expect((await api.call('GET', path(executionId), { key })).status).toBe(404);
  });

  it('answers a HEAD without the archive', async () => {
    const { executionId } = await completed('a picture unseen');
    const { status, headers, text } = await api.call('HEAD', path(executionId));
    expect([status, headers.get('content-type'), text]).toEqual([200, 'application/x-tar', '']);
  });
});
