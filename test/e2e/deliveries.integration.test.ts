import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { recordHistory } from '../support/record-history';
import { startS3Server, type S3Server } from '../support/s3-server';
import { KILLED_IN_A_SEND_MS, TestSystem } from '../support/test-system';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly sha256: string;
}

const received: Received[] = [];
let answer: (request: Received, response: ServerResponse) => void;
let onArrival: () => void = () => undefined;
const created = (_request: Received, response: ServerResponse): void => {
  response.writeHead(201, { location: '/media/7', etag: '"seven"' }).end();
};

const receiver = createServer((request, response) => {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    const { method = '', url = '', headers } = request;
    const whole = { method, path: url, headers, sha256: hash.digest('hex') };
    received.push(whole);
    answer(whole, response);
    onArrival();
  });
});

let s3: S3Server;
let bucket: S3Client;
let test: TestSystem;
let at: string;

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  at = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  s3 = await startS3Server();
  const { region, endpoint, credentials } = s3.settings;
  bucket = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  test = await TestSystem.start({
    EVERFRAME_ALLOWED_PRIVATE_HOSTS: [at, new URL(endpoint).host].join(','),
  });
  await test.client.secrets.set('cms', { value: 'the-token-of-the-cms', hosts: ['127.0.0.1'] });
  const pair = `${credentials?.accessKeyId ?? ''}:${credentials?.secretAccessKey ?? ''}`;
  await test.client.secrets.set('store', { value: pair, hosts: ['127.0.0.1'] });
});

beforeEach(() => {
  received.length = 0;
  answer = created;
  onArrival = () => undefined;
});

afterAll(async () => {
  bucket.destroy();
  await test.stop();
  await s3.stop();
  receiver.closeAllConnections();
  receiver.close();
});

const delivering = (subject: string, nodeType: string, config: Record<string, unknown>, data = {}) =>
  aGraph(subject)
    .node('image', 'generate:flux_2_pro')
    .edge('prompt', 'image')
    .node('deliver', nodeType, config, data)
    .edge('image', 'deliver')
    .build();

const byHttp = (subject: string, data = {}) =>
  delivering(
    subject,
    'output:http',
    {
      url: `http://${at}/media?for=\${prompt}`.replaceAll(' ', '-'),
      headers: { authorization: { secret: 'cms', prefix: 'Bearer ' }, 'x-kind': 'picture' },
    },
    data,
  );

async function run(graph: ReturnType<typeof delivering>) {
  const { executionId } = await test.client.execute(graph);
  return test.client.wait(executionId);
}

const imageOf = (view: Awaited<ReturnType<typeof run>>) => view.nodes['image']?.output['image'];

describe('output:http', () => {
  it('sends the bytes once, with the secret that no history and no answer holds', async () => {
    const view = await run(byHttp('an open letter'));
    expect(view).toMatchObject({
      status: 'COMPLETED',
      output: { deliver: { url: `http://${at}/media/7`, status: 201, etag: '"seven"' } },
    });
    expect(received).toMatchObject([
      {
        ...{ method: 'POST', sha256: (imageOf(view) as { sha256: string }).sha256 },
        headers: {
          authorization: 'Bearer the-token-of-the-cms',
          'content-type': 'image/png',
          'x-kind': 'picture',
        },
      },
    ]);
    const handle = test.temporal.workflow.getHandle(executionWorkflowId(view.executionId));
    expect(JSON.stringify([view, await handle.fetchHistory()])).not.toContain('the-token-of-the-cms');
    await recordHistory(view.executionId, 'delivered-elsewhere');
  });

  it('that fails is resumed alone: what was made is not made again, and the key is the same', async () => {
    answer = (_request, response) => void response.writeHead(503, { 'retry-after': '0' }).end();
    const failed = await run(byHttp('a late letter', { retry: { maximumAttempts: 2 } }));
    expect(failed).toMatchObject({
      status: 'FAILED',
      failure: { nodeId: 'deliver', code: 'delivery_failed', resumable: true },
    });
    expect(received).toHaveLength(2);
    answer = created;
    await test.client.resume(failed.executionId);
    expect(await test.client.wait(failed.executionId)).toMatchObject({ status: 'COMPLETED', attempt: 2 });
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(await test.accepted({ prompt: 'a late letter' })).toHaveLength(1);
  });

  it(
    'is repeated with the same key when the worker dies before the answer',
    async () => {
      let isFirst = true;
      answer = (request, response) => {
        // The first one is never answered.
        if (isFirst) isFirst = false;
        else created(request, response);
      };
      const arrived = new Promise<void>((resolve) => {
        onArrival = resolve;
      });
      const { executionId } = await test.client.execute(byHttp('a torn letter'));
      await arrived;
      await test.kill('worker');
      expect(await test.client.wait(executionId)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
      expect(received).toHaveLength(2);
      expect(received[1]?.headers['idempotency-key']).toBe(received[0]?.headers['idempotency-key']);
      expect(await test.accepted({ prompt: 'a torn letter' })).toHaveLength(1);
    },
    KILLED_IN_A_SEND_MS,
  );

  it('does not follow redirects, and tries no answer again that will be the same', async () => {
    answer = (_request, response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    const view = await run(byHttp('a returned letter'));
    expect(view.failure?.message).toMatch(/answered 302\. Redirects are not followed/);
    expect(received).toHaveLength(1);
  });

  it('refuses private addresses, and secrets that are for another host, with what to do', async () => {
    const send = (config: Record<string, unknown>) =>
      run(delivering('a stray letter', 'output:http', config, { retry: { maximumAttempts: 1 } }));
    const [inside, astray] = await Promise.all([
      send({ url: 'http://127.0.0.1:9/' }),
      send({ url: 'https://example.com/', headers: { authorization: { secret: 'cms' } } }),
    ]);
    expect(inside.failure?.message).toContain('EVERFRAME_ALLOWED_PRIVATE_HOSTS');
    expect(astray.failure?.message).toContain('the secret "cms" is for 127.0.0.1, not for example.com');
  });
});

describe('output:s3', () => {
  const toBucket = (subject: string, config: Record<string, unknown> = {}) =>
    delivering(subject, 'output:s3', {
      ...{
        bucket: s3.settings.bucket,
        endpoint: s3.settings.endpoint,
        credentials: 'store',
        prefix: 'made/',
      },
      ...config,
    });

  it('puts the bytes under their digest, and finds them there the next time', async () => {
    const view = await run(toBucket('a stored letter'));
    const { sha256 } = imageOf(view) as { sha256: string };
    const url = `${s3.settings.endpoint}/${s3.settings.bucket}/made/${sha256}.png`;
    expect(view).toMatchObject({ status: 'COMPLETED', output: { deliver: { url, status: 200 } } });
    const Key = `made/${sha256}.png`;
    const object = await bucket.send(new GetObjectCommand({ Bucket: s3.settings.bucket, Key }));
    expect(object.ContentType).toBe('image/png');
    const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    await test.resetToStart(view.executionId);
    const again = await run(toBucket('a stored letter'));
    expect(again).toMatchObject({ status: 'COMPLETED', output: { deliver: { url } } });
    const { Contents = [] } = await bucket.send(
      new ListObjectsV2Command({ Bucket: s3.settings.bucket, Prefix: 'made/' }),
    );
    expect(Contents.map((each) => each.Key)).toEqual([Key]);
  });

  it('leaves another object under the key alone unless it is told to overwrite it', async () => {
    const kept = await run(
      toBucket('a first letter', { key: 'latest.{ext}', prefix: '', publicUrl: 'https://cdn.example/' }),
    );
    expect(kept.output['deliver']).toMatchObject({ url: 'https://cdn.example/latest.png' });
    const refused = await run(toBucket('a second letter', { key: 'latest.{ext}', prefix: '' }));
    expect(refused.failure).toMatchObject({ code: 'delivery_failed' });
    expect(refused.failure?.message).toContain('another object is under "latest.png"');
    const replaced = await run(
      toBucket('a second letter', { key: 'latest.{ext}', prefix: '', overwrite: true }),
    );
    expect(replaced.status).toBe('COMPLETED');
  });

  it('takes the server’s own credentials for no bucket that the operator has not opened', async () => {
    const view = await run(toBucket('a borrowed letter', { credentials: undefined, endpoint: undefined }));
    expect(view.failure?.message).toContain('EVERFRAME_DELIVERY_BUCKETS');
  });
});
