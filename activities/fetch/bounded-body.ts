import { pipeline, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** More bytes than allowed, or a body that unpacks out of proportion. */
export class BodyTooLargeError extends Error {}

/** A content encoding that is unknown, or one on top of another. */
export class BodyEncodingError extends Error {}

/** Highest decoded bytes per received byte, from 1 MiB decoded on: below that a bomb does no harm. */
const RATIO_MAX = 100;
const RATIO_FREE_BYTES = 1_048_576;

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * Reads a response body: decodes at most one content encoding and stops at the caps while streaming.
 *
 * @param maxBytes - Of the decoded body.
 * @throws BodyTooLargeError, BodyEncodingError, or what broke the stream.
 */
export async function* readBoundedBody(
  body: Readable,
  headers: Headers,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const encoding = (headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
    if (encoding === 'identity' || encoding === '') {
      yield* readPlain(body, headers, maxBytes);
    } else {
      yield* readEncoded(body, encoding, maxBytes);
    }
  } finally {
    body.destroy();
  }
}

async function* readPlain(body: Readable, headers: Headers, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);
  let bytes = 0;
  for await (const chunk of chunksOf(body)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

async function* readEncoded(body: Readable, encoding: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  const createDecoder = DECODERS[encoding];
  if (createDecoder === undefined) throw new BodyEncodingError(`content encoding "${encoding.slice(0, 40)}"`);
  let received = 0;
  let decoded = 0;
  body.on('data', (chunk: Buffer) => {
    received += chunk.byteLength;
  });
  const decoder = pipeline(body, createDecoder(), () => undefined);
  for await (const chunk of chunksOf(decoder)) {
    decoded += chunk.byteLength;
    if (decoded > maxBytes) throw tooLarge(maxBytes);
    if (decoded > RATIO_FREE_BYTES && decoded > received * RATIO_MAX) {
      throw new BodyTooLargeError(`it unpacks to more than ${String(RATIO_MAX)} times its size`);
    }
    yield chunk;
  }
}

async function* chunksOf(stream: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    if (chunk instanceof Uint8Array) yield chunk;
  }
}

function tooLarge(maxBytes: number): BodyTooLargeError {
  return new BodyTooLargeError(`it is over ${String(maxBytes)} bytes`);
}
