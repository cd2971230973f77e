import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface InstantProvider {
  /** Base URL in the form of `OPENAI_BASE_URL`. */
  readonly url: string;
  close(): Promise<void>;
}

const ANSWER = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 0,
    model: 'gpt-5.4-mini',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'done', refusal: null }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 8, completion_tokens: 1, total_tokens: 9 },
  }),
);

/** A provider on loopback that answers each chat completion at once: what is left is the engine's own time. */
export async function startInstantProvider(): Promise<InstantProvider> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    request.resume().once('end', () => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
        .end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
