import express, { type Request, type Response } from 'express';
import { ApiError } from '../api-error';
import type { Route } from '../route';
import { parseJsonBody } from './json-body';

/** Largest body, after decompression. */
export const BODY_BYTES_MAX = 1_048_576;

const readBytes = express.raw({ type: () => true, limit: BODY_BYTES_MAX });

/**
 * Reads the body as the route wants it: parsed JSON (undefined where there is none) or the bytes as they came. A file
 * is left to its handler, which streams it.
 *
 * @throws ApiError 415 where JSON is wanted and something else is announced; 413 above 1 MB (by the error middleware).
 */
export async function readBody(
  route: Pick<Route, 'bodyKind'>,
  request: Request,
  response: Response,
): Promise<unknown> {
  if (route.bodyKind === 'none' || route.bodyKind === 'file') return undefined;
  if (route.bodyKind === 'json' && hasBody(request)) requireJson(request);
  const bytes = await read(request, response);
  return route.bodyKind === 'json' ? parseJsonBody(bytes) : bytes;
}

function hasBody(request: Request): boolean {
  const length = request.get('content-length');
  return request.get('transfer-encoding') !== undefined || (length !== undefined && length !== '0');
}

function requireJson(request: Request): void {
  if (request.is(['application/json', 'application/*+json']) !== false) return;
  const message = 'The body must be JSON. Send the header Content-Type: application/json.';
  throw new ApiError({ status: 415, code: 'unsupported_media_type', message });
}

function read(request: Request, response: Response): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    readBytes(request, response, (error: unknown) => {
      if (error !== undefined && error !== null) {
        reject(error instanceof Error ? error : new Error('The body could not be read.', { cause: error }));
        return;
      }
      const body: unknown = request.body;
      resolve(body instanceof Uint8Array ? body : new Uint8Array());
    });
  });
}
