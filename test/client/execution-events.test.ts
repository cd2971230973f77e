import { describe, expect, it } from '@jest/globals';
import { createEverframeClient } from '../../client/everframe-client';
import type { EventOptions, ExecutionEvent } from '../../client/execution-events';

const message = (id: number, event: string, data: object = {}) =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A stream in these pieces; with `breaks` it ends as a broken connection does. */
function aStream(pieces: readonly string[], breaks = false): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      if (breaks) controller.error(new TypeError('terminated'));
      else controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

async function read(answers: Response[], options?: EventOptions) {
  const asked: (string | null)[] = [];
  const client = createEverframeClient({
    baseUrl: 'http://api.example',
    apiKey: 'sk-test-1',
    sleep: async () => undefined,
    fetch: async (_url, request) => {
      asked.push(new Headers(request?.headers).get('last-event-id'));
      return answers.shift() ?? aStream([]);
    },
  });
  const events: ExecutionEvent[] = [];
  for await (const event of client.events('exe_1', options)) events.push(event);
  return { events: events.map(({ revision, type }) => `${revision} ${type}`), asked };
}

describe('events of an execution', () => {
  it('are read across pieces of any size, without hints and pings', async () => {
    const whole = `retry: 2000\n\n${message(3, 'snapshot')}: ping\n\n${message(4, 'changed', { text: 'ü\n' })}${message(4, 'end')}`;
    for (const size of [1, 7, whole.length]) {
      const pieces = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect((await read([aStream(pieces)])).events).toEqual(['3 snapshot', '4 changed', '4 end']);
    }
  });

  it('go on after the last one when the connection breaks or the server restarts', async () => {
    const { events, asked } = await read([
      aStream([message(3, 'snapshot'), message(4, 'changed')]),
      aStream([message(5, 'changed')]),
      aStream([message(6, 'finished'), message(6, 'end')]),
    ]);
    expect(events).toEqual(['3 snapshot', '4 changed', '5 changed', '6 finished', '6 end']);
    expect(asked).toEqual([null, '4', '5']);
  });

  it('end at once when all of them were read', async () => {
    const { events } = await read([new Response(null, { status: 204 })], { after: 9 });
    expect(events).toEqual(['9 end']);
  });

  it('end with what is recorded now where that is asked for', async () => {
    const poll = Response.json({}, { headers: { etag: 'W/"2"' } });
    const stream = aStream([message(1, 'accepted'), message(2, 'changed'), message(3, 'changed')]);
    expect((await read([poll, stream], { after: 0, follow: false })).events).toEqual([
      '1 accepted',
      '2 changed',
    ]);
  });

  it('are given up with an error when the connection never lasts', async () => {
    await expect(read([aStream([], true)])).rejects.toMatchObject({ code: 'network' });
  });
});
