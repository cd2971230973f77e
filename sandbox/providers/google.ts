import express, { type Request, type Response } from 'express';
import { turnAway } from '../core/accept-job';
import type { Services } from '../core/services';
import { credentialOf, type Visit } from '../core/visit';
import type { SandboxProvider } from '../provider';
import { embedContents } from './google/embeddings';
import { googleErrors, missingKey, unknownModel } from './google/errors';
import { generate } from './google/generate';
import { addInteractionRoutes } from './google/interactions';

/**
 * Google's Gemini API under `/google/v1` and `/google/v1beta`: text, vision, pictures and speech by generateContent,
 * embeddings, and video by interactions in the background (@google/genai 2.32.0, read 2026-11-26). The models that speak
 * are on v1beta alone. No streaming.
 */
export const google: SandboxProvider = {
  id: 'google',
  routes: (services) => {
    const router = express.Router();
    const visitOf = (request: Request, response: Response): Visit => visit(services, request, response);
    router.use((request, response, next) => void requireKey(visitOf(request, response), next));
    router.post('/:version/models/:call', (request, response) =>
      callModel(visitOf(request, response), request.params.version, request.params.call),
    );
    addInteractionRoutes(router, visitOf);
    return router;
  },
};

function visit(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'google', errors: googleErrors, request, response, receivedAt };
}

const methods: Readonly<Record<string, (visit: Visit, model: string, version: string) => Promise<void>>> = {
  generateContent: generate,
  batchEmbedContents: embedContents,
};

/** The last colon divides model and method. */
async function callModel(visit: Visit, version: string, call: string): Promise<void> {
  const [, model = call, name = ''] = /^(.+):(\w+)$/.exec(call) ?? [];
  const method = ['v1', 'v1beta'].includes(version) ? methods[name] : undefined;
  if (method !== undefined) return method(visit, model, version);
  await turnAway(visit, model, '', 'not_found', unknownModel(model, version));
}

/** In the header, or as `?key=`. */
async function requireKey(visit: Visit, next: () => void): Promise<void> {
  const inQuery = typeof visit.request.query['key'] === 'string' && visit.request.query['key'] !== '';
  if (inQuery || credentialOf(visit.request) !== undefined) return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', missingKey);
}
