import type { Readable } from 'node:stream';
import busboy from 'busboy';
import type { Request } from 'express';
import { AssetTooLargeError, type StoredBytes } from '../../store/assets/asset-store';
import { writeHashed } from '../../store/assets/durable-file';
import { onDisk } from '../../store/assets/on-disk';
import { ApiError, badRequest, unprocessable } from '../api-error';

/** A client that sends nothing for so long is gone. */
const SILENCE_MS = 60_000;
/** What multipart/form-data puts around the file. */
const ENVELOPE_BYTES_MAX = 64 * 1024;
const FILE_PART = 'file';

/**
 * Writes the file of a request to a new file while it comes: the body itself, or the part `file` of multipart/form-data.
 * What is left of a refused body is read and thrown away, so that the client gets to read the answer.
 *
 * @throws ApiError 400 cut off or malformed; 413 more than `maxBytes`; 415 another kind of body; 422 no file, an empty one or
 * several. AssetStoreUnavailableError when the disk refuses.
 */
export async function receiveUpload(request: Request, path: string, maxBytes: number): Promise<StoredBytes> {
  const isForm = request.is('multipart/form-data') !== false;
  if (!isForm) requireBytes(request);
  requireSize(request, isForm ? maxBytes + ENVELOPE_BYTES_MAX : maxBytes, maxBytes);
  // Without a listener of ours, Node then breaks the connection.
  request.setTimeout(SILENCE_MS);
  try {
    const chunks = isForm ? readFilePart(request) : readBody(request);
    const received = await onDisk(writeHashed(path, chunks, maxBytes));
    if (received.bytes === 0)
      throw refused('file_empty', 'The file is empty.', 'Send its bytes as the body.');
    return received;
  } catch (error) {
    if (error instanceof AssetTooLargeError) throw tooLarge(maxBytes);
    if (!request.complete && request.destroyed) throw incomplete();
    throw error;
  } finally {
    request.setTimeout(0);
    request.resume();
  }
}

/** 413, also for files that are too large for their type. */
export function tooLarge(maxBytes: number, what = 'file'): ApiError {
  const message = `The ${what} is larger than ${maxBytes} bytes. Send a smaller one, or pass its URL to an input node.`;
  return new ApiError({ status: 413, code: 'body_too_large', message });
}

/** Forms and JSON are nearly always a mistake: bytes would be stored that nobody meant. */
function requireBytes(request: Request): void {
  const isMistaken = request.is(['application/json', 'application/x-www-form-urlencoded', 'multipart/*']);
  const encoding = request.get('content-encoding') ?? 'identity';
  if (!isMistaken && encoding === 'identity') return;
  const message = isMistaken
    ? `A file cannot come as ${isMistaken}. Send its bytes with Content-Type: application/octet-stream, or multipart/form-data with one part "${FILE_PART}".`
    : 'A file cannot come with a Content-Encoding. Send its bytes as they are.';
  throw new ApiError({ status: 415, code: 'unsupported_media_type', message });
}

function requireSize(request: Request, bodyBytesMax: number, maxBytes: number): void {
  if (Number(request.get('content-length') ?? 0) > bodyBytesMax) throw tooLarge(maxBytes);
}

/** A break of the loop must not destroy the request: its connection has to carry the answer. */
function readBody(request: Request): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false });
}

async function* readFilePart(request: Request): AsyncGenerator<Uint8Array> {
  const form = openForm(request);
  let isMore = false;
  for (const event of ['filesLimit', 'fieldsLimit'] as const) form.once(event, () => (isMore = true));
  const closed = new Promise<void>((resolve, reject) => {
    form.once('close', resolve);
    form.on('error', () => reject(malformed('it ends early or is damaged')));
  });
  const file = firstFile(form);
  const stop = (): void => void (request.complete || form.destroy(new Error('The client went away.')));
  request.once('close', stop);
  request.pipe(form);
  try {
    yield* await Promise.race([file, closed.then(() => Promise.reject(noFile()))]);
    await closed;
    if (isMore)
      throw refused('parts_too_many', 'The form has more than one part.', `Send one part "${FILE_PART}".`);
  } catch (error) {
    // The stream of the file breaks off before the form says why.
    throw error instanceof ApiError || !request.complete ? error : malformed('it ends early or is damaged');
  } finally {
    request.off('close', stop);
    request.unpipe(form);
    closed.catch(() => undefined);
    form.destroy();
  }
}

function openForm(request: Request): busboy.Busboy {
  try {
    return busboy({ headers: request.headers, limits: { files: 1, fields: 0, parts: 2, headerPairs: 20 } });
  } catch {
    throw malformed('its header Content-Type names no boundary');
  }
}

function firstFile(form: busboy.Busboy): Promise<Readable> {
  return new Promise((resolve, reject) => {
    form.once('file', (name, stream) => {
      // It may break before anybody reads it, and an error that nobody listens to would end the process.
      stream.on('error', () => undefined);
      if (name === FILE_PART) return resolve(stream);
      stream.resume();
      reject(noFile());
    });
  });
}

function noFile(): ApiError {
  return refused('file_missing', `The form has no file part "${FILE_PART}".`, 'Send -F file=@picture.png.');
}

function refused(code: string, message: string, fix: string): ApiError {
  return unprocessable('request_invalid', message, [{ path: FILE_PART, code, message, fix }]);
}

function malformed(why: string): ApiError {
  return badRequest('multipart_invalid', `The body is not valid multipart/form-data: ${why}.`);
}

function incomplete(): ApiError {
  return badRequest('body_incomplete', 'The body ended before the announced length.');
}
