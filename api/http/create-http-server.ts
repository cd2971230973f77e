import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { uuidv7 } from 'uuidv7';

interface Refusal {
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

const MALFORMED: Refusal = {
  status: '400 Bad Request',
  code: 'request_malformed',
  message: 'This is no request of HTTP/1.1.',
};

/** What Node's parser gives up at, by its code. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'headers_too_large',
    message: 'URL and headers of a request may have 16 KB in all.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'request_timeout',
    message: 'The request did not come to its end in time.',
  },
};

const NO_EXPECTATION: Refusal = {
  status: '417 Expectation Failed',
  code: 'expectation_failed',
  message: 'The only expectation that is met here is 100-continue.',
};

/** A server whose refusals before the application sees a request are in the envelope, too. */
export function createHttpServer(options: ServerOptions = {}): Server {
  // The application refuses what has no host.
  const server = createServer({ ...options, requireHostHeader: false });
  const answers = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => void answers.set(request.socket, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket);
    const isAnswering = answer !== undefined && answer.headersSent && !answer.writableEnded;
    if (!socket.writable || isAnswering || error.code === 'ECONNRESET') socket.destroy();
    else refuse(socket, REFUSALS[error.code ?? ''] ?? MALFORMED);
  });
  const refuseExpectation: RequestListener = ({ socket }) => refuse(socket, NO_EXPECTATION);
  return server.on('checkExpectation', refuseExpectation);
}

function refuse(socket: Duplex, { status, code, message }: Refusal): void {
  const requestId = uuidv7();
  const body = JSON.stringify({ error: message, code, requestId });
  const head = [
    `HTTP/1.1 ${status}`,
    `X-Request-Id: ${requestId}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
