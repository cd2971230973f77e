import type { Response } from 'express';
import { z } from 'zod';
import { isOver } from '../../pipeline/execution-view';
import { executions } from '../../store/database/executions';
import type { ApiDependencies } from '../dependencies';
import { readExecution } from '../hold-for-change';
import type { Caller } from '../caller';
import { defineKeyRoute, noBody, type RequestContext } from '../route';
import { errorSchema, executionParameters, wholeNumber } from '../schemas';
import { presentExecution } from '../views/present-execution';

const PING_MS = 15_000;
const RETRY_MS = 2_000;
const EVENTS_PER_READ = 100;

export const streamEvents = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/executions/:id/events',
  operationId: 'streamExecutionEvents',
  summary: 'Changes of an execution as server-sent events, resumable',
  tag: 'executions',
  scope: 'executions:read',
  bodyKind: 'none',
  params: executionParameters,
  query: z.object({
    after: wholeNumber.optional().describe('As Last-Event-ID, for clients that cannot set it.'),
  }),
  body: noBody,
  requestHeaders: { 'Last-Event-ID': 'Revision of the last event read; the stream goes on after it.' },
  responses: {
    200: {
      description:
        'Events whose ids are the revision. Without Last-Event-ID the first is `snapshot` (the poll body); then what changed ' +
        '(`changed`, `finished`, …); after the run ended, `end`. A comment every 15 s.',
      mediaType: 'text/event-stream',
    },
    204: { description: 'The run has ended and you have read all of it: do not connect again.' },
    404: { description: 'Unknown execution, or not yours.', schema: errorSchema },
  },
  handle: async ({ params, query }, context) => {
    const { caller, request, response, dependencies } = context;
    const execution = await readExecution(dependencies, caller.accountId, params.id);
    const after = knownRevision(request.get('last-event-id') ?? query.after, execution.revision);
    if (after !== undefined && after === execution.revision && isOver(execution.view.status))
      return { status: 204 };
    openStream(response);
    if (request.method === 'HEAD') {
      response.end();
      return 'sent';
    }
    await stream(params.id, after, context);
    return 'sent';
  },
});

/** An id that is not one of ours, or lies in the future, starts with a snapshot. */
function knownRevision(given: unknown, current: number): number | undefined {
  const parsed = wholeNumber.safeParse(String(given));
  return parsed.success && parsed.data <= current ? parsed.data : undefined;
}

async function stream(
  executionId: string,
  after: number | undefined,
  context: RequestContext & { readonly caller: Caller },
): Promise<void> {
  const { response, dependencies, caller, signal } = context;
  let cursor = after ?? (await sendSnapshot(executionId, caller, response, dependencies));
  while (!signal.aborted) {
    const sent = await sendEvents(executionId, cursor, response, dependencies);
    cursor = sent ?? cursor;
    if (sent !== undefined) continue;
    const { view, revision: current } = await readExecution(dependencies, caller.accountId, executionId);
    if (current > cursor) continue;
    if (isOver(view.status)) {
      writeEvent(response, { id: cursor, event: 'end', data: { status: view.status } });
      break;
    }
    const changed = await dependencies.listener.waitForChange(executionId, cursor, PING_MS, signal);
    if (!changed && !signal.aborted) response.write(': ping\n\n');
  }
  response.end();
}

async function sendSnapshot(
  executionId: string,
  caller: Caller,
  response: Response,
  dependencies: ApiDependencies,
): Promise<number> {
  const { revision: id, view } = await readExecution(dependencies, caller.accountId, executionId);
  const { settings, clock } = dependencies;
  const data = presentExecution(view, { settings, accountId: caller.accountId, nowMs: clock() });
  writeEvent(response, { id, event: 'snapshot', data });
  return id;
}

/** @returns The last revision sent, or undefined when there was nothing new. */
async function sendEvents(
  executionId: string,
  after: number,
  response: Response,
  { database }: ApiDependencies,
): Promise<number | undefined> {
  const events = await executions.eventsAfter(database, executionId, after, EVENTS_PER_READ);
  for (const { revision: id, type, data, at } of events) {
    writeEvent(response, { id, event: type, data: { ...data, at: at.toISOString() } });
  }
  return events.at(-1)?.revision;
}

function openStream(response: Response): void {
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
}

function writeEvent(response: Response, event: { id: number; event: string; data: unknown }): void {
  response.write(`id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`);
}
