import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { executionViewSchema, type ExecutionView, type NodeView } from '../../../pipeline/execution-view';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly etag?: string;
}

/** Answers each `METHOD /path` (below /api/v1, without the query) from a list, in turn; the last one for ever. */
export class FakeApi {
  readonly requests: SeenRequest[] = [];
  private readonly answers = new Map<string, FakeAnswer[]>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeApi> {
    const server = createServer((request, response) => {
      void api.handle(request).then(({ status, body, etag }) => {
        const headers = { 'content-type': 'application/json', ...(etag && { etag }) };
        response.writeHead(status, headers);
        response.end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
      });
    });
    // After a stall of this process it would close a connection on which the client is just sending the next request.
    server.keepAliveTimeout = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const api = new FakeApi(server, `http://127.0.0.1:${port}`);
    return api;
  }

  on(route: string, ...answers: FakeAnswer[]): this {
    this.answers.set(route, answers);
    return this;
  }

  /** The last request to a route. */
  last(route: string): SeenRequest | undefined {
    return this.requests.filter(({ method, path }) => `${method} ${path.split('?')[0]}` === route).at(-1);
  }

  reset(): void {
    this.requests.length = 0;
    this.answers.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(request: IncomingMessage): Promise<FakeAnswer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString();
    const path = (request.url ?? '').replace(/^\/api\/v1/, '');
    const method = request.method ?? '';
    const idempotencyKey = request.headers['idempotency-key'];
    this.requests.push({
      ...{ method, path, authorization: request.headers.authorization },
      idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : undefined,
      body: text === '' ? undefined : JSON.parse(text),
    });
    const answers = this.answers.get(`${method} ${path.split('?')[0]}`) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    const unknown = { error: 'There is no such execution.', code: 'execution_not_found', requestId: 'req_1' };
    return answer ?? { status: 404, body: unknown };
  }
}

const node = {
  nodeType: 'input:text',
  output: {},
  provider: null,
  model: null,
  attempts: 0,
  fallbackFrom: [],
  cached: false,
  credits: 0,
  startedAt: null,
  completedAt: null,
  error: null,
};

export const pending: NodeView = { ...node, status: 'PENDING', nodeType: 'generate:flux_2_pro' };
export const running: NodeView = {
  ...pending,
  status: 'RUNNING',
  provider: 'fal',
  model: 'fal-ai/flux-2-pro',
};
export const prompt: NodeView = {
  ...node,
  status: 'COMPLETED',
  output: { text: 'A sunset' },
  completedAt: '2026-11-21T00:00:00Z',
};

/** A finished picture that lies at this address. */
export function picture(url: string): NodeView {
  const image = { type: 'image', assetId: 'ast_1', url, mimeType: 'image/png', bytes: 4, sha256: 'ab' };
  return {
    ...{ ...running, status: 'COMPLETED', attempts: 1, credits: 30 },
    ...{ output: { image }, completedAt: '2026-11-21T00:00:01Z', error: null },
  };
}

export const failure = {
  code: 'all_providers_failed',
  message: 'Every provider failed: try again later.',
  retryable: true,
} as const;

/** A poll body; what it is made of must fit the real schema. */
export function aView(
  status: ExecutionView['status'],
  nodes: Record<string, NodeView>,
  further: Record<string, unknown> = {},
): FakeAnswer {
  const common = {
    executionId: 'exe_1',
    workflowId: 'inline',
    version: null,
    attempt: 1,
    progress: { total: 2, completed: 1, running: 0, failed: 0, skipped: 0 },
    nodes,
    output: {},
    credits: { held: 0, charged: 30, released: 15 },
    items: null,
    links: {},
    error: null,
    failure: null,
  };
  const body = executionViewSchema.parse({ ...common, status, ...further });
  return { status: 200, body, etag: `W/"${status}-${JSON.stringify(nodes).length}"` };
}
