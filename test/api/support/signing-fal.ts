import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';

/** A callback as it goes over the wire. */
export interface SignedCallback {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What fal's queue knows of one submit. */
export interface FalJob {
  readonly requestId: string;
  readonly callbackUrl: string;
  state: 'running' | 'succeeded' | 'cancelled';
}

/** The part of fal that callbacks are about: queue, keys, files; the callbacks themselves are built and sent by the test. */
export class SigningFal {
  readonly jobs: FalJob[] = [];
  /** Ids that were asked for and that it never gave: somebody believed a forged callback. */
  readonly strangeIds: string[] = [];
  /** Runs once a job was taken, before the answer; `false`: the answer is lost. */
  onSubmit: (job: FalJob) => Promise<boolean> = () => Promise.resolve(true);
  private readonly keys = generateKeyPairSync('ed25519');
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private picture = Buffer.alloc(0);

  async listen(): Promise<this> {
    this.picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'teal' } })
      .png()
      .toBuffer();
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** As docs.fal.ai says: request id, user id, time and body hash, one a line, Ed25519. */
  callback(
    requestId: string,
    options: { nowMs?: number; ageSeconds?: number; isForged?: boolean } = {},
  ): SignedCallback {
    const { nowMs = Date.now(), ageSeconds = 0, isForged = false } = options;
    const body = JSON.stringify({ request_id: requestId, status: 'OK', payload: {}, nonce: randomUUID() });
    const timestamp = String(Math.floor(nowMs / 1_000) - ageSeconds);
    const hash = createHash('sha256').update(body).digest('hex');
    const key = isForged ? generateKeyPairSync('ed25519').privateKey : this.keys.privateKey;
    const message = Buffer.from([requestId, 'user', timestamp, hash].join('\n'));
    return {
      body,
      headers: {
        'x-fal-webhook-request-id': requestId,
        'x-fal-webhook-user-id': 'user',
        'x-fal-webhook-timestamp': timestamp,
        'x-fal-webhook-signature': sign(null, message, key).toString('hex'),
      },
    };
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (pathname.endsWith('/jwks.json')) return answer(response, 200, { keys: [this.publicKey()] });
    if (pathname === '/picture.png')
      return void response.setHeader('content-type', 'image/png').end(this.picture);
    const asked = /\/requests\/([^/]+)(?:\/(status|cancel))?$/.exec(pathname);
    if (!asked) return this.submit(searchParams.get('fal_webhook') ?? '', response);
    const job = this.jobs.find(({ requestId }) => requestId === asked[1]);
    if (job) return this.tell(job, asked[2], response);
    this.strangeIds.push(asked[1] ?? '');
    answer(response, 404, { detail: 'Request not found' });
  }

  private async submit(callbackUrl: string, response: ServerResponse): Promise<void> {
    const job: FalJob = { requestId: randomUUID(), callbackUrl, state: 'running' };
    this.jobs.push(job);
    if (await this.onSubmit(job)) answer(response, 200, { request_id: job.requestId });
    else response.destroy();
  }

  private tell(job: FalJob, what: string | undefined, response: ServerResponse): void {
    if (what === 'cancel') {
      if (job.state === 'running') job.state = 'cancelled';
      return answer(response, 202, { status: 'CANCELLATION_REQUESTED' });
    }
    if (what === 'status')
      return answer(response, 200, { status: job.state === 'running' ? 'IN_PROGRESS' : 'COMPLETED' });
    if (job.state === 'succeeded')
      return answer(response, 200, { images: [{ url: `${this.url}/picture.png` }] });
    answer(response, 499, { detail: 'Request was cancelled' });
  }

  private publicKey(): object {
    return this.keys.publicKey.export({ format: 'jwk' });
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
