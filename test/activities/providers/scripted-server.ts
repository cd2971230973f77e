import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a provider answers to one request: documented bodies, or misbehaviour. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes go out as they are, everything else as JSON. */
  readonly body?: unknown;
  /** Instead of an answer: close the connection, or keep it open in silence. */
  readonly instead?: 'hang_up' | 'silence';
}

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** An HTTP server that gives the scripted answers in order, the last one for ever, and remembers what it was asked. */
export class ScriptedServer {
  readonly seen: SeenRequest[] = [];
  private answers: ((request: SeenRequest) => ScriptedAnswer)[] = [];
  private readonly server = createServer((request, response) => void this.serve(request, response));

  /** Called for each request, before it is answered. */
  onRequest: () => void = () => undefined;

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  answer(...answers: (ScriptedAnswer | ((request: SeenRequest) => ScriptedAnswer))[]): void {
    this.seen.length = 0;
    this.onRequest = () => undefined;
    this.answers = answers.map((answer) => (typeof answer === 'function' ? answer : () => answer));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = '', url: path = '', headers } = request;
    const seen = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
    this.seen.push(seen);
    this.onRequest();
    const next = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    const answer = next?.(seen) ?? { status: 404, body: { detail: 'not scripted' } };
    if (answer.instead === 'hang_up') request.socket.destroy();
    if (answer.instead !== undefined) return;
    const { status = 200, body = '' } = answer;
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    response
      .writeHead(status, { 'content-type': 'application/json', ...answer.headers })
      .end(isRaw ? body : JSON.stringify(body));
  }
}
