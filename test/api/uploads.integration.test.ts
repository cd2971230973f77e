import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMediaFixtures, pngBomb, type MediaFixtures } from '../activities/media/media-fixtures';
import { waitUntil } from '../../cli/embedded/wait-until';
import { startTestApi, type TestAnswer, type TestApi } from './support/test-api';

const path = '/api/v1/assets';
const html = Buffer.from('<!doctype html><script>alert(document.domain)</script>');
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
let api: TestApi;
let media: MediaFixtures;
let [png, jpeg, mp4, longMp4, wav, mp3]: Buffer[] = [];
beforeAll(async () => {
  [api, media] = await Promise.all([startTestApi(), createMediaFixtures()]);
  const video = { codec: 'libx264', width: 64, height: 48 };
  const picture = { width: 30, height: 20, isNoise: true } as const;
  const paths = await Promise.all([
    media.picture('a.png', { ...picture, format: 'png' }),
    media.picture('a.jpg', { ...picture, format: 'jpeg', orientation: 6 }),
    media.clip('a.mp4', { video, seconds: 2 }),
    media.clip('long.mp4', { video, seconds: 6 }),
    media.clip('a.wav', { audio: { codec: 'pcm_s16le' }, seconds: 1 }),
    media.clip('a.mp3', { audio: { codec: 'libmp3lame' }, seconds: 1 }),
  ]);
  [png, jpeg, mp4, longMp4, wav, mp3] = await Promise.all(paths.map((each) => readFile(each)));
});
afterAll(() => Promise.all([api.close(), media.remove()]));

function upload(
  body: Uint8Array = Buffer.alloc(0),
  headers: Record<string, string> = {},
  key = api.account.key,
): Promise<TestAnswer> {
  return api.call('POST', path, {
    key,
    body,
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
  });
}

interface Part {
  readonly name: string;
  readonly content: Uint8Array;
  readonly fileName?: string;
  readonly type?: string;
}

/** As curl -F writes it. */
function uploadForm(parts: readonly Part[], cutBytes = 0): Promise<TestAnswer> {
  const boundary = 'a-boundary-of-the-tests';
  const written = parts.flatMap(({ name, content, fileName, type }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`,
    fileName === undefined ? '' : `; filename="${fileName}"`,
    `${type === undefined ? '' : `\r\nContent-Type: ${type}`}\r\n\r\n`,
    content,
    '\r\n',
  ]);
  const body = Buffer.concat([...written, `--${boundary}--\r\n`].map((each) => Buffer.from(each)));
  const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  return upload(body.subarray(0, body.length - cutBytes), headers);
}

const asFile = (content: Uint8Array | undefined, type = 'image/png'): Part => ({
  name: 'file',
  fileName: '../../etc/passwd.png',
  content: content ?? Buffer.alloc(0),
  type,
});

function expectIssue({ status, body }: TestAnswer, code: string, message: RegExp): void {
  expect([status, body.code]).toEqual([422, 'request_invalid']);
  expect(body.issues).toEqual([
    { path: 'file', code, message: expect.stringMatching(message), fix: expect.stringMatching(/\w/) },
  ]);
}

async function tempFiles(): Promise<readonly string[]> {
  const temp = await api.dependencies.assetStore.createTemp(api.account.accountId);
  return readdir(temp.path.replace(/[^/]+$/, ''));
}

describe('POST /assets', () => {
  it('stores a picture sent as the body and shows what it is', async () => {
    const { status, body, headers } = await upload(png);
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({
        type: 'image',
        mimeType: 'image/png',
        bytes: png?.length,
        width: 30,
        height: 20,
      }),
    ]);
    expect(headers.get('location')).toBe(`${path}/${body.assetId}`);
    const content = await fetch(body.url);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(png);
  });

  it('takes the part "file" of a form, whatever name the file has', async () => {
    const { status, body } = await uploadForm([asFile(jpeg, 'image/jpeg')]);
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({ mimeType: 'image/jpeg', width: 20, height: 30 }),
    ]);
  });

  it('tells the length of clips and recordings by their headers, and of others only once a worker opens them', async () => {
    const clip = await upload(mp4);
    expect(clip.body).toMatchObject({ type: 'video', width: 64, height: 48, durationSeconds: 2 });
    expect((await upload(wav)).body).toMatchObject({
      type: 'audio',
      mimeType: 'audio/wav',
      durationSeconds: expect.closeTo(1, 1),
    });
    const { status, body } = await upload(mp3);
    expect([status, body.type, body.mimeType, body.durationSeconds]).toEqual([
      201,
      'audio',
      'audio/mpeg',
      undefined,
    ]);
  });

  it('gives the same bytes the same id in one account, and another one in another', async () => {
    const { key } = await api.createAccount();
    const [first, again, foreign] = await Promise.all([upload(wav), upload(wav), upload(wav, {}, key)]);
    expect(again.body.assetId).toBe(first.body.assetId);
    expect(foreign.body.assetId).not.toBe(first.body.assetId);
    expect((await api.call('GET', `${path}/${first.body.assetId}`, { key })).status).toBe(404);
  });

  it.each([
    ['HTML', html, 'application/octet-stream'],
    ['SVG', svg, 'image/svg+xml'],
  ])(
    'takes %s that is declared to be PNG for a file and hands it out as a download',
    async (_name, content, mimeType) => {
      for (const { status, body } of [
        await upload(content, { 'Content-Type': 'image/png' }),
        await uploadForm([asFile(content)]),
      ]) {
        expect([status, body.type, body.mimeType]).toEqual([201, 'file', mimeType]);
        const { headers } = await fetch(body.url);
        expect(Object.fromEntries(headers)).toMatchObject({
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${body.assetId}"`,
          'x-content-type-options': 'nosniff',
          'content-security-policy': "sandbox; default-src 'none'",
        });
      }
    },
  );

  it('shows a picture with HTML behind it as a picture only', async () => {
    const { status, body } = await upload(Buffer.concat([png ?? html, html]), {
      'Content-Type': 'text/html',
    });
    expect([status, body.mimeType]).toEqual([201, 'image/png']);
    const { headers } = await fetch(body.url);
    expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual([
      'image/png',
      'nosniff',
    ]);
  });

  it('refuses media that are cut off, and keeps nothing of them', async () => {
    const half = (whole: Buffer | undefined): Buffer =>
      (whole ?? html).subarray(0, (whole ?? html).length / 2);
    expectIssue(await upload(half(png)), 'invalid_media', /does not end where its picture ends/);
    expectIssue(await uploadForm([asFile(half(jpeg))]), 'invalid_media', /does not end/);
    expectIssue(await upload(half(mp4)), 'invalid_media', /cut off|no index/);
    expectIssue(await upload(half(wav)), 'invalid_media', /cut off: \d+ of \d+ bytes/);
    expect(await tempFiles()).toEqual([]);
  });

  it('refuses a picture that unpacks to more pixels than are taken, without unpacking it', async () => {
    const before = process.memoryUsage.rss();
    expectIssue(
      await upload(pngBomb(60_000, 60_000)),
      'too_many_pixels',
      /60000 × 60000 pixels; 100 million/,
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(200_000_000);
  });

  it('refuses a clip that is longer than is taken', async () => {
    expectIssue(await upload(longMp4), 'too_long', /lasts 6 s; 5 s is the limit/);
  });

  it.each([
    ['announced', (content: Uint8Array) => upload(content)],
    ['in a form', (content: Uint8Array) => uploadForm([asFile(content)])],
    ['unannounced', (content: Uint8Array) => uploadStream(content)],
  ])('answers 413 to more bytes than are taken, %s', async (_how, send) => {
    const { status, body } = await send(Buffer.concat([png ?? html, Buffer.alloc(2_000_000)]));
    expect([status, body.code, body.error]).toEqual([
      413,
      'body_too_large',
      expect.stringContaining('2000000 bytes'),
    ]);
    expect(await tempFiles()).toEqual([]);
  });

  async function uploadStream(content: Uint8Array): Promise<TestAnswer> {
    const response = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${api.account.key}`, 'Content-Type': 'image/png' },
      body: new Blob([content.slice()]).stream(),
      duplex: 'half',
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
  }

  it.each(['application/json', 'application/x-www-form-urlencoded', 'multipart/mixed; boundary=a'])(
    'answers 415 to %s, which nobody means as a file',
    async (type) => {
      const { status, body } = await upload(Buffer.from('{"url":"file:///etc/passwd"}'), {
        'Content-Type': type,
      });
      expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
    },
  );

  it('answers 415 to compressed bytes', async () => {
    const { status, body } = await upload(png, { 'Content-Encoding': 'gzip' });
    expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('says what is wrong with a form', async () => {
    const noBoundary = await upload(png, { 'Content-Type': 'multipart/form-data' });
    expect([noBoundary.status, noBoundary.body.code]).toEqual([400, 'multipart_invalid']);
    const cut = await uploadForm([asFile(png)], 20);
    expect([cut.status, cut.body.code]).toEqual([400, 'multipart_invalid']);
    expectIssue(await uploadForm([]), 'file_missing', /no file part "file"/);
    expectIssue(await uploadForm([{ ...asFile(png), name: 'image' }]), 'file_missing', /no file part/);
    expectIssue(await uploadForm([asFile(png), asFile(jpeg)]), 'parts_too_many', /more than one part/);
    const field = { name: 'filepath', content: Buffer.from('/etc/passwd') };
    expectIssue(await uploadForm([field, asFile(png)]), 'parts_too_many', /more than one part/);
    expectIssue(await upload(), 'file_empty', /is empty/);
    expect(await tempFiles()).toEqual([]);
  });

  it('keeps nothing of an upload whose client goes away', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = createConnection(Number(port), hostname);
    const head = [`POST ${path} HTTP/1.1`, 'Host: test', `Authorization: Bearer ${api.account.key}`];
    socket.write(`${[...head, 'Content-Length: 1000000'].join('\r\n')}\r\n\r\n`);
    socket.write(randomBytes(100_000));
    const hasTemps = async (count: number) => (await tempFiles()).length === count;
    expect(await waitUntil(() => hasTemps(1), { limitMs: 10_000 })).toBe(true);
    socket.destroy();
    await once(socket, 'close');
    expect(await waitUntil(() => hasTemps(0), { limitMs: 10_000 })).toBe(true);
  });

  it('answers a repeat under one Idempotency-Key with the stored answer, and refuses other bytes under it', async () => {
    const headers = { 'Idempotency-Key': 'picture-1' };
    const first = await upload(png, headers);
    const again = await uploadForm([asFile(png)]);
    const repeat = await upload(png, headers);
    expect([repeat.status, repeat.text]).toEqual([201, first.text]);
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    const unusable = await upload(png, { 'Idempotency-Key': 'a b' });
    expect([unusable.status, unusable.body.code]).toEqual([400, 'idempotency_key_invalid']);
    const other = await upload(jpeg, headers);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('serves the next request on the connection after a refusal', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => upload(Buffer.alloc(3_000_000))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 413));
    expect((await upload(png)).status).toBe(201);
  });

  it('makes a picture that a graph takes by its id', async () => {
    const { body } = await upload(png);
    const nodes = [
      { id: 'photo', data: { nodeType: 'input:image', config: { value: { assetId: body.assetId } } } },
      { id: 'small', data: { nodeType: 'image:resize', config: { width: 10 } } },
    ];
    const edges = [{ id: 'e', source: 'photo', target: 'small' }];
    const started = await api.call('POST', '/api/v1/workflows/inline/execute', { body: { nodes, edges } });
    expect([started.status, started.body.issues]).toEqual([201, undefined]);
  });
});

describe('GET /assets', () => {
  it('lists the assets of the account, newest first, by page and type', async () => {
    const { key } = await api.createAccount();
    const ids: string[] = [];
    for (const content of [png, wav, jpeg]) ids.unshift((await upload(content, {}, key)).body.assetId);
    const list = async (query: string) => (await api.call('GET', `${path}?${query}`, { key })).body;
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.nextCursor}`);
    const shown = [...first.data, ...second.data].map(({ assetId }) => assetId);
    expect([shown, first.hasMore, second.hasMore, second.nextCursor]).toEqual([ids, true, false, null]);
    expect(first.data[0]).toEqual({
      ...(await api.call('GET', `${path}/${ids[0]}`, { key })).body,
      createdAt: expect.stringMatching(/^\d{4}-/),
    });
    expect((await list('type=audio')).data).toEqual([expect.objectContaining({ assetId: ids[1] })]);
    expect((await list('cursor=nonsense')).code).toBe('cursor_invalid');
  });
});
