import { executionPath, TRANSFER_SECONDS, type Calls } from './calls';
import { backoffMs } from './http-transport';
import { EverframeError } from './everframe-error';
import { readServerSentEvents } from './server-sent-events';
import type { CallOptions } from './types';

/** Breaks in a row without one event between them, before the caller is told. */
const BREAKS_MAX = 5;

/** One change of an execution, as it was recorded. */
export interface ExecutionEvent {
  /** Of the execution; the stream can go on after it. */
  readonly revision: number;
  /** `snapshot` (the poll body), `changed`, `finished` …; `end` comes last. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventOptions extends CallOptions {
  /** Only what came after this revision: 0 for all. Unless given, the state now comes first, as `snapshot`. */
  readonly after?: number;
  /** False: end with what is recorded now. */
  readonly follow?: boolean;
}

/**
 * Every change of an execution until it has ended; a broken connection is taken up where it broke.
 *
 * @throws EverframeError
 */
export async function* watchEvents(
  calls: Calls,
  executionId: string,
  { after, signal, follow = true }: EventOptions = {},
): AsyncGenerator<ExecutionEvent, void, undefined> {
  let cursor = after;
  const last = follow ? Number.POSITIVE_INFINITY : await revisionNow(calls, executionId, signal);
  if (cursor !== undefined && cursor >= last) return;
  for (let breaks = 0; ;) {
    try {
      for await (const event of connect(calls, executionId, cursor, signal)) {
        [cursor, breaks] = [event.revision, 0];
        yield event;
        if (event.type === 'end' || event.revision >= last) return;
      }
    } catch (error) {
      if (error instanceof EverframeError || signal?.aborted === true) throw error;
    }
    breaks += 1;
    if (breaks > BREAKS_MAX) throw brokenOff(executionId);
    await calls.transport.sleep(backoffMs(breaks), signal);
  }
}

async function revisionNow(
  calls: Calls,
  executionId: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { etag = '' } = await calls.poll(executionId, { signal });
  return Number(/"(\d+)"/.exec(etag)?.[1] ?? 0);
}

async function* connect(
  calls: Calls,
  executionId: string,
  after: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExecutionEvent, void, undefined> {
  const headers: Record<string, string> = after === undefined ? {} : { 'Last-Event-ID': String(after) };
  const path = `${executionPath(executionId)}/events`;
  const request = { method: 'GET', path, headers, waitSeconds: TRANSFER_SECONDS, repeatable: true } as const;
  const response = await calls.transport.send({ ...request, signal });
  if (response.status === 204) {
    yield { revision: after ?? 0, type: 'end', data: {} };
    return;
  }
  if (response.body === null) return;
  for await (const { id, event, data } of readServerSentEvents(response.body)) {
    yield { revision: Number(id), type: event, data: JSON.parse(data) as Record<string, unknown> };
  }
}

function brokenOff(executionId: string): EverframeError {
  const message = `The events of execution ${executionId} broke off ${BREAKS_MAX} times. The execution goes on; ask again.`;
  return new EverframeError({ message, status: 0, code: 'network' });
}
