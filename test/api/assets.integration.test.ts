import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assetUrl } from '../../api/asset-urls';
import { assets } from '../../store/database/assets';
import { signAssetUrl } from '../../store/assets/signed-url';
import type { AssetReference } from '../../workflows/contract';
import { startTestApi, type TestApi } from './support/test-api';

const text = '0123456789abcdefghij';
let api: TestApi;
let image: AssetReference;
beforeAll(async () => {
  api = await startTestApi();
  image = await store('image', 'image/png');
});
afterAll(() => api.close());

async function store(type: AssetReference['type'], mimeType: string): Promise<AssetReference> {
  const { assetStore, database } = api.dependencies;
  const { accountId } = api.account;
  const stored = await assetStore.put(accountId, Buffer.from(text), { mimeType, maxBytes: 1_000 });
  return assets.register(database, { ...stored, accountId, type, mimeType });
}

const contentPath = (assetId: string) => `/api/v1/assets/${assetId}/content`;

/** A signed URL as the API gives it, below the origin. */
async function signedPath(asset: AssetReference): Promise<string> {
  const { body } = await api.call('GET', `/api/v1/assets/${asset.assetId}`);
  return body.url.slice(api.url.length);
}

describe('GET /assets/:assetId', () => {
  it('shows the asset with a URL', async () => {
    const { status, body } = await api.call('GET', `/api/v1/assets/${image.assetId}`);
    expect([status, body]).toEqual([200, { ...image, url: expect.stringContaining(api.url) }]);
  });

  it('answers the same 404 for a foreign and an unknown id', async () => {
    const { key } = await api.createAccount();
    const headers = { 'X-Request-Id': 'same' };
    const foreign = await api.call('GET', `/api/v1/assets/${image.assetId}`, { key, headers });
    const unknown = await api.call('GET', '/api/v1/assets/ast_unknown', { key, headers });
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
  });
});

describe('GET /assets/:assetId/content', () => {
  it('gives the bytes to a signed URL without a key, safe to show', async () => {
    const { status, text: content, headers } = await api.call('GET', await signedPath(image), { key: '' });
    expect([status, content]).toEqual([200, text]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '20',
      'content-disposition': 'inline',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'accept-ranges': 'bytes',
      etag: `"${image.sha256}"`,
    });
  });

  it('gives the bytes to a key of the account, and to no other', async () => {
    const own = await api.call('GET', contentPath(image.assetId));
    expect([own.text, own.headers.has('x-ratelimit-remaining')]).toEqual([text, true]);
    const { key } = await api.createAccount();
    expect((await api.call('GET', contentPath(image.assetId), { key })).status).toBe(404);
    expect((await api.call('GET', contentPath(image.assetId), { key: '' })).status).toBe(401);
  });

  it.each([
    ['bytes=2-5', '2345', 'bytes 2-5/20'],
    ['bytes=18-', 'ij', 'bytes 18-19/20'],
    ['bytes=-3', 'hij', 'bytes 17-19/20'],
  ])('answers 206 to %s', async (range, content, contentRange) => {
    const answer = await api.call('GET', await signedPath(image), { key: '', headers: { Range: range } });
    expect([answer.status, answer.text]).toEqual([206, content]);
    expect(answer.headers.get('content-range')).toBe(contentRange);
  });

  it('answers 416 to a range beyond the end', async () => {
    const answer = await api.call('GET', contentPath(image.assetId), { headers: { Range: 'bytes=20-' } });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */20']);
    expect(answer.body.code).toBe('range_not_satisfiable');
  });

  it('answers the whole when If-Range names other bytes', async () => {
    const headers = { Range: 'bytes=0-1', 'If-Range': '"other"' };
    expect((await api.call('GET', contentPath(image.assetId), { headers })).status).toBe(200);
  });

  it('answers 304 to its ETag', async () => {
    const headers = { 'If-None-Match': `"${image.sha256}"` };
    expect((await api.call('GET', contentPath(image.assetId), { headers })).status).toBe(304);
  });

  it('answers HEAD with the length and no bytes', async () => {
    const { status, headers, text: content } = await api.call('HEAD', contentPath(image.assetId));
    expect([status, headers.get('content-length'), content]).toEqual([200, '20', '']);
  });

  it.each([
    ['file', 'text/html'],
    ['image', 'image/svg+xml'],
    ['file', 'application/xml'],
  ] as const)('offers %s of type %s, which could run in a browser, as a download', async (type, mimeType) => {
    const asset = await store(type, mimeType);
    const { headers } = await api.call('GET', contentPath(asset.assetId));
    expect(headers.get('content-disposition')).toMatch(/^attachment/);
    expect(headers.get('content-type')).toBe('application/octet-stream');
  });

  it('refuses a URL that was changed, cut or made for another account', async () => {
    const signed = await signedPath(image);
    const foreign = assetUrl(api.dependencies.settings, 'acc_other', image.assetId, Date.now()).slice(
      api.url.length,
    );
    const forged = [
      signed.replace(/expires=(\d+)/, (_, expires: string) => `expires=${Number(expires) + 1}`),
      signed.replace(image.assetId, 'ast_other'),
      `${signed}x`,
      `${signed}&a=1`,
      `${contentPath(image.assetId)}?signature=x`,
      foreign,
    ];
    for (const path of forged) {
      const { status, body } = await api.call('GET', path, { key: '' });
      expect([path, status, body.code]).toEqual([path, 403, 'signature_invalid']);
    }
  });

  it('refuses an expired URL and takes one that the worker signed for a provider', async () => {
    const path = contentPath(image.assetId);
    const { assetSecrets } = api.dependencies.settings;
    const sign = (expiresAtMs: number) => signAssetUrl(assetSecrets, { path, expiresAtMs });
    const expired = await api.call('GET', sign(Date.now() - 2_000), { key: '' });
    expect([expired.status, expired.body.code]).toEqual([403, 'url_expired']);
    expect((await api.call('GET', sign(Date.now() + 60_000), { key: '' })).status).toBe(200);
  });
});
