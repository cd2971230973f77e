import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createEverframeClient, type EverframeClient } from '../../client/everframe-client';
import { assets } from '../../store/database/assets';
import type { ExecutionView } from '../../pipeline/execution-view';
import { completeImage, failImage } from '../api/support/finished-work';
import { textToImage } from '../api/support/graphs';
import { startTestApi, type TestApi } from '../api/support/test-api';

let api: TestApi;
let client: EverframeClient;
beforeAll(async () => {
  api = await startTestApi();
  client = createEverframeClient({ baseUrl: api.url, apiKey: api.account.key });
});
afterAll(() => api.close());

async function storedImage() {
  const { assetStore, database } = api.dependencies;
  const { accountId } = api.account;
  const stored = await assetStore.put(accountId, Buffer.from('picture'), {
    mimeType: 'image/png',
    maxBytes: 100,
  });
  return assets.register(database, { ...stored, accountId, type: 'image', mimeType: 'image/png' });
}

describe('the client', () => {
  it('executes, watches every state to the end and downloads the result', async () => {
    const { executionId, quote } = await client.execute(textToImage, { workflowId: 'posters' });
    expect(quote.minCredits).toBeGreaterThan(0);
    const seen: ExecutionView['status'][] = [];
    for await (const view of client.watch(executionId)) {
      seen.push(view.status);
      if (view.status === 'RUNNING') await completeImage(api.dependencies, executionId, await storedImage());
    }
    expect(seen).toEqual(['RUNNING', 'COMPLETED']);
    const { output } = await client.poll(executionId);
    const image = output['image']?.['image'] as { url: string; assetId: string };
    expect(Buffer.from(await client.downloadAsset(image)).toString()).toBe('picture');
    expect(Buffer.from(await client.downloadAsset(image.assetId)).toString()).toBe('picture');
    expect(await client.getAsset(image.assetId)).toMatchObject({
      assetId: image.assetId,
      mimeType: 'image/png',
    });
  });

  it('waits for the end, previews a resume, resumes and cancels', async () => {
    const { executionId } = await client.execute(textToImage);
    const waiting = client.wait(executionId);
    await failImage(api.dependencies, executionId);
    expect(await waiting).toMatchObject({ status: 'FAILED', failure: { nodeId: 'image' } });
    const preview = await client.previewResume(executionId);
    const receipt = await client.resume(executionId);
    expect(receipt).toEqual(preview);
    expect(receipt.rerun).toEqual(['image']);
    expect(await client.cancel(executionId)).toMatchObject({ cancelRequested: true });
  });

  it('starts one run for two executes with one idempotency key', async () => {
    const options = { idempotencyKey: 'client-once' };
    const first = await client.execute(textToImage, options);
    expect((await client.execute(textToImage, options)).executionId).toBe(first.executionId);
  });

  it('gives up waiting when its time is over, and the run goes on', async () => {
    const { executionId } = await client.execute(textToImage);
    await expect(client.wait(executionId, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'wait_timeout',
    });
    expect((await client.poll(executionId)).status).toBe('RUNNING');
  });

  it('lists executions, shows one in detail, and the catalog', async () => {
    const { executionId } = await client.execute({ ...textToImage, tags: ['client-list'] });
    const page = await client.listExecutions({ tag: 'client-list', limit: 1 });
    expect(page).toMatchObject({ data: [{ executionId }], hasMore: false, nextCursor: null });
    expect(await client.getExecution(executionId)).toMatchObject({
      executionId,
      graph: { edges: textToImage.edges },
    });
    const types = await client.listNodeTypes();
    expect(types.length).toBeGreaterThan(20);
    expect(await client.getNodeType('generate:flux_2_pro')).toMatchObject({ type: 'generate:flux_2_pro' });
    expect((await client.quote(textToImage)).nodes).toHaveLength(2);
  });

  it('uploads a file once, however it is given, lists it and downloads it', async () => {
    const bytes = Buffer.from('any file');
    const options = { idempotencyKey: 'client-upload' };
    const asset = await client.uploadAsset(new Uint8Array(bytes), options);
    expect(asset).toMatchObject({ type: 'file', bytes: bytes.length });
    expect(await client.uploadAsset(new Blob([bytes]), options)).toEqual(asset);
    expect((await client.listAssets({ type: 'file' })).data).toEqual([
      expect.objectContaining({ assetId: asset.assetId, createdAt: expect.any(String) }),
    ]);
    expect(Buffer.from(await client.downloadAsset(asset))).toEqual(bytes);
  });

  it('throws with code and every issue', async () => {
    const nodes = [{ id: 'n1', data: { nodeType: 'no:such' } }];
    await expect(client.execute({ nodes, edges: [] })).rejects.toMatchObject({
      name: 'EverframeError',
      status: 422,
      code: 'graph_invalid',
      issues: [
        expect.objectContaining({ code: 'node_type_unknown', path: expect.stringMatching(/^nodes\[0\]/) }),
      ],
    });
    const stranger = createEverframeClient({ baseUrl: api.url, apiKey: 'sk-test-wrong' });
    await expect(stranger.poll('exe_x')).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
  });
});
