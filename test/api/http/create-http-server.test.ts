import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHttpServer } from '../../../api/http/create-http-server';

let server: Server;
beforeAll(async () => {
  server = createHttpServer();
  server.on('request', (request, response) => {
    request.resume();
    if (request.url === '/slow') response.write('begun');
    else request.on('end', () => response.end('fine'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** What comes back until the server closes the connection. */
async function send(text: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('a request that is none', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'request_malformed'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n', 400, 'request_malformed'],
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'request_malformed'],
    [
      'both lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'request_malformed',
    ],
    [
      'a broken chunk',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
      'request_malformed',
    ],
    [
      'too many headers',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    [
      'a strange expectation',
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: gold\r\nContent-Length: 0\r\n\r\n',
      417,
      'expectation_failed',
    ],
  ])('is answered in the envelope: %s', async (_what, text, status, code) => {
    const [head = '', body = ''] = (await send(text)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    const { requestId, ...told } = JSON.parse(body) as Record<string, string>;
    expect(told).toEqual({ error: expect.stringMatching(/\w/), code });
    expect(head).toContain(`X-Request-Id: ${requestId}`);
  });

  it('is not answered in the middle of another answer', async () => {
    const answer = await send(
      'POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nzz\r\n',
    );
    expect(answer.match(/HTTP\/1\.1/g) ?? []).toHaveLength(1);
    expect(answer).not.toContain('request_malformed');
  });
});
