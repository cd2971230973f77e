import type { RequestHandler } from 'express';
import { badRequest } from '../api-error';
import { uuidv7 } from 'uuidv7';

const WELL_FORMED = /^[A-Za-z0-9._-]{1,128}$/;

/** Gives every request an id, kept from `X-Request-Id` where that is well-formed (anything else could forge log lines). */
export const assignRequestId: RequestHandler = (request, response, next) => {
  const incoming = request.get('x-request-id');
  const requestId = incoming !== undefined && WELL_FORMED.test(incoming) ? incoming : uuidv7();
  response.locals.requestId = requestId;
  response.setHeader('X-Request-Id', requestId);
  if (request.httpVersion === '1.1' && request.get('host') === undefined)
    throw badRequest('request_malformed', 'A request of HTTP/1.1 needs the header Host.');
  next();
};
