/** One message of an event stream (WHATWG HTML, 9.2). */
export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Messages with data, as they come; comments and hints for reconnecting are left out. */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let fields = new Map<string, string>();
  for await (const line of readLines(body)) {
    if (line !== '') addField(fields, line);
    else {
      const data = fields.get('data');
      if (data !== undefined)
        yield { id: fields.get('id') ?? '', event: fields.get('event') ?? 'message', data };
      fields = new Map();
    }
  }
}

function addField(fields: Map<string, string>, line: string): void {
  const colon = line.indexOf(':');
  const [name, value] =
    colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
  const before = name === 'data' ? fields.get('data') : undefined;
  fields.set(name, before === undefined ? value : `${before}\n${value}`);
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const lines = (rest + decoder.decode(next.value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
