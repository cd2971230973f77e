import { guardJson } from '../../pipeline/json-guard';
import { badRequest, unprocessable } from '../api-error';

/**
 * Parses a request body as JSON.
 *
 * @returns undefined for an empty body.
 * @throws ApiError 400 `json_invalid` for bad UTF-8 or bad JSON; 422 `request_invalid` when it is too deep or too large, or
 *   has a key that names a part of JavaScript's object model.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined;
  const value = parse(decode(bytes));
  const issues = guardJson(value);
  if (issues.length === 0) return value;
  throw unprocessable('request_invalid', 'The body is not JSON that we take; see issues.', issues);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('json_invalid', 'The body is not UTF-8. Send JSON encoded as UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own words quote the body; only the place is told.
    const place = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    const where = place === undefined ? '' : ` at character ${place}`;
    throw badRequest('json_invalid', `The body is not valid JSON${where}. Send one JSON object.`);
  }
}
