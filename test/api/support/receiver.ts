import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

export interface ReceivedCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What the receiver does with a call: answers a status, perhaps with headers, or never answers. */
export type ReceiverAnswer =
  { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | 'hang';

/** A receiver of webhooks that notes every call and answers from a list, in turn; the last one for ever. */
export class Receiver {
  readonly calls: ReceivedCall[] = [];

  private constructor(
    private server: Server,
    private readonly port: number,
    private readonly answers: ReceiverAnswer[],
  ) {}

  static async start(...answers: ReceiverAnswer[]): Promise<Receiver> {
    const server = await listen(0);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const receiver = new Receiver(server, port, answers.length === 0 ? [{ status: 204 }] : answers);
    receiver.serve(server);
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Nobody listens from now on. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async restart(): Promise<void> {
    this.server = await listen(this.port);
    this.serve(this.server);
  }

  async untilCalled(times: number): Promise<readonly ReceivedCall[]> {
    while (this.calls.length < times) await setImmediate();
    return this.calls;
  }

  private serve(server: Server): void {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        this.calls.push({ path: request.url ?? '', headers, text: Buffer.concat(chunks).toString() });
        const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
        if (answer === undefined || answer === 'hang') return;
        response.writeHead(answer.status, answer.headers).end();
      });
    });
  }
}

/** The body, once the signature has been found right. */
export function verified(call: ReceivedCall | undefined, secret: string): ReturnType<typeof JSON.parse> {
  if (call === undefined) throw new Error('There was no such call.');
  return new Webhook(secret).verify(call.text, { ...call.headers });
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
