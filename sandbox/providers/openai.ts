import express, { type Request, type Response } from 'express';
import { randomBytes } from 'node:crypto';
import { turnAway } from '../core/accept-job';
import { credentialOf, send, type Visit } from '../core/visit';
import type { Services } from '../core/services';
import type { SandboxProvider } from '../provider';
import { embedTexts } from './openai/embeddings';
import { missingKey, openaiError, openaiErrors } from './openai/errors';
import { editImages, generateImages } from './openai/images';
import { judge } from './openai/moderations';
import { speak } from './openai/speech';
import { transcribe } from './openai/transcriptions';
import { addBackgroundRoutes, chat, respond } from './openai/text';

/**
 * OpenAI's synchronous endpoints (openai-openapi 2.3.0, read 2026-11-21): images, edits, speech, transcriptions,
 * chat, responses (also in the background), moderations, embeddings. Base: `/openai/v1`. No streaming.
 */
export const openai: SandboxProvider = {
  id: 'openai',
  routes: (services) => {
    const router = express.Router();
    const route = (path: string, handle: Handler): void => {
      router.post(`/v1${path}`, (request, response) => handle(visitOf(services, request, response)));
    };
    router.use(standardHeaders());
    router.use((request, response, next) => void requireKey(visitOf(services, request, response), next));
    route('/images/generations', generateImages);
    route('/images/edits', editImages);
    route('/audio/speech', speak);
    route('/audio/transcriptions', transcribe);
    route('/chat/completions', chat);
    route('/responses', respond);
    route('/moderations', judge);
    route('/embeddings', embedTexts);
    addBackgroundRoutes(router, services);
    router.use((request, response) =>
      send(response, openaiError(404, `Invalid URL (${request.method} ${request.originalUrl})`)),
    );
    return router;
  },
};

type Handler = (visit: Visit) => Promise<void>;

function visitOf(services: Services, request: Request, response: Response): Visit {
  return {
    services,
    provider: 'openai',
    errors: openaiErrors,
    request,
    response,
    receivedAt: new Date().toISOString(),
  };
}

/** Request id and rate headers; the window is a minute, the limits are those of a large account: callers slow down by them. */
function standardHeaders() {
  const limit = 30_000;
  let minute = 0;
  let used = 0;
  return (_request: Request, response: Response, next: () => void): void => {
    const now = Date.now();
    if (Math.floor(now / 60_000) !== minute) [minute, used] = [Math.floor(now / 60_000), 0];
    used += 1;
    response.set({
      'x-request-id': `req_${randomBytes(16).toString('hex')}`,
      'openai-version': '2020-10-01',
      'x-ratelimit-limit-requests': String(limit),
      'x-ratelimit-remaining-requests': String(Math.max(0, limit - used)),
      'x-ratelimit-reset-requests': `${Math.ceil((60_000 - (now % 60_000)) / 1000)}s`,
    });
    next();
  };
}

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  if (/^Bearer\s/.test(visit.request.get('authorization') ?? '') && credentialOf(visit.request) !== undefined)
    return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', missingKey);
}
