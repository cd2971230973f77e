import type { Transport } from './http-transport';
import type { CallOptions, CreatingOptions, ExecutionView } from './types';

/** One long poll; well below what proxies cut off. */
const WAIT_SECONDS = 30;
/** A file may hold gigabytes: its transfer takes longer than an answer. */
export const TRANSFER_SECONDS = 3_600;

export interface WaitingOptions extends CreatingOptions {
  /** Hold the answer, at most 60 s. */
  readonly waitSeconds?: number;
}

export interface PolledView {
  readonly view: ExecutionView;
  readonly etag: string | undefined;
}

/** The shapes of exchange that all methods are made of. Answers are trusted to be what our API promises. */
export class Calls {
  constructor(readonly transport: Transport) {}

  async get<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
    const { signal } = options;
    return readJson(await this.transport.send({ method: 'GET', path, repeatable: true, signal }));
  }

  /** A POST that creates nothing, or is idempotent by itself. */
  async ask<Answer>(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    const { signal } = options;
    return readJson(await this.transport.send({ method: 'POST', path, body, repeatable: true, signal }));
  }

  /** A DELETE, which says the same when it is repeated. */
  async remove<Answer>(path: string, options: CallOptions = {}): Promise<Answer> {
    const { signal } = options;
    return readJson(await this.transport.send({ method: 'DELETE', path, repeatable: true, signal }));
  }

  /** A DELETE that answers nothing. */
  async discard(path: string, { signal }: CallOptions = {}): Promise<void> {
    await this.transport.send({ method: 'DELETE', path, repeatable: true, signal });
  }

  /** @param options.revision - Of what is replaced, as it was read. A repeat of ours could find it changed by ourselves. */
  async replace<Answer>(
    path: string,
    body: unknown,
    options: CallOptions & { readonly revision?: number } = {},
  ): Promise<Answer> {
    const { signal, revision } = options;
    const headers: Record<string, string> = revision === undefined ? {} : { 'If-Match': `"${revision}"` };
    const request = {
      method: 'PUT',
      path,
      body,
      headers,
      repeatable: revision === undefined,
      signal,
    } as const;
    return readJson(await this.transport.send(request));
  }

  async create<Answer>(path: string, body: unknown, options: WaitingOptions = {}): Promise<Answer> {
    const { signal, waitSeconds } = options;
    const headers: Record<string, string> = {
      'Idempotency-Key': options.idempotencyKey ?? crypto.randomUUID(),
    };
    if (waitSeconds !== undefined) headers['Prefer'] = `wait=${waitSeconds}`;
    return readJson(
      await this.transport.send({
        method: 'POST',
        path,
        body,
        headers,
        waitSeconds,
        repeatable: true,
        signal,
      }),
    );
  }

  /** A file; its transfer may take long, and ends early where it breaks off. */
  async upload<Answer>(path: string, bytes: Blob, options: CreatingOptions = {}): Promise<Answer> {
    const headers = { 'Idempotency-Key': options.idempotencyKey ?? crypto.randomUUID() };
    const { signal } = options;
    const timing = { waitSeconds: TRANSFER_SECONDS, repeatable: true } as const;
    return readJson(await this.transport.send({ method: 'POST', path, bytes, headers, ...timing, signal }));
  }

  async poll(executionId: string, options: CallOptions = {}): Promise<PolledView> {
    const path = `${executionPath(executionId)}/poll`;
    const { signal } = options;
    return readView(await this.transport.send({ method: 'GET', path, repeatable: true, signal }));
  }

  /** @returns undefined when nothing changed within `WAIT_SECONDS`. */
  async nextView(
    executionId: string,
    etag: string | undefined,
    options: CallOptions,
  ): Promise<PolledView | undefined> {
    const path = `${executionPath(executionId)}/poll?wait=${etag === undefined ? 0 : WAIT_SECONDS}`;
    const headers: Record<string, string> = etag === undefined ? {} : { 'If-None-Match': etag };
    const waitSeconds = etag === undefined ? 0 : WAIT_SECONDS;
    const { signal } = options;
    const request = { method: 'GET', path, headers, waitSeconds, repeatable: true, signal } as const;
    const response = await this.transport.send(request);
    return response.status === 304 ? undefined : readView(response);
  }
}

export function executionPath(executionId: string): string {
  return `/workflows/executions/${encodeURIComponent(executionId)}`;
}

async function readView(response: Response): Promise<PolledView> {
  return { view: await readJson<ExecutionView>(response), etag: response.headers.get('etag') ?? undefined };
}

async function readJson<Answer>(response: Response): Promise<Answer> {
  return (await response.json()) as Answer;
}

export function toQuery(filters: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? '' : `?${query.toString()}`;
}
