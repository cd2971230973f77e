import express, { type Request, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import { turnAway } from '../core/accept-job';
import { seedFrom } from '../core/canonical-json';
import type { Job } from '../core/job';
import { performJob } from '../core/perform-job';
import { outputBytes, serveOutput } from '../core/serve-job';
import type { Services } from '../core/services';
import {
  credentialOf,
  jsonBody,
  originOf,
  send,
  type Answer,
  type ProviderErrors,
  type Visit,
} from '../core/visit';
import type { SandboxProvider } from '../provider';
import { recraftCalls, type RecraftCall, type RecraftInput } from './recraft/calls';

/**
 * Recraft (recraft.ai/docs/api-reference, read 2026-11-26), JSON bodies. Base: `/recraft/v1`; pictures under
 * `/recraft/img`. The wording of errors has no source.
 */
export const recraft: SandboxProvider = {
  id: 'recraft',
  routes: (services) => {
    const router = express.Router();
    const visit = (request: Request, response: Response): Visit => visitOf(services, request, response);
    router.get('/img/:id/:index', async (request, response) => {
      const job = services.jobs.get('recraft', request.params.id);
      if (job === undefined) return send(response, notFound);
      await serveOutput(visit(request, response), job, Number.parseInt(request.params.index, 10), notFound);
    });
    router.use((request, response, next) => void requireKey(visit(request, response), next));
    router.post('/v1/images/:call', (request, response) =>
      serve(visit(request, response), request.params.call),
    );
    router.use((_request, response) => send(response, notFound));
    return router;
  },
};

function recraftError(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } };
}

const notFound = recraftError(404, 'not_found', 'There is nothing here.');

const errors: ProviderErrors = {
  unauthorized: () => recraftError(401, 'unauthorized', 'The token is missing or invalid.'),
  rateLimited: (seconds) => ({
    ...recraftError(429, 'rate_limit_exceeded', 'Too many requests.'),
    headers: { 'retry-after': String(seconds) },
  }),
  insufficientQuota: () => recraftError(402, 'not_enough_credits', 'Not enough credits.'),
  serverError: (status) => recraftError(status, 'internal_error', 'An internal error occurred.'),
  refused: () => recraftError(400, 'content_moderation', 'The prompt was rejected by moderation.'),
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'recraft', errors, request, response, receivedAt };
}

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  const isBearer = /^Bearer\s/.test(visit.request.get('authorization') ?? '');
  if (isBearer && credentialOf(visit.request) !== undefined) return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', errors.unauthorized());
}

async function serve(visit: Visit, path: string): Promise<void> {
  const call = Object.hasOwn(recraftCalls, path) ? recraftCalls[path] : undefined;
  if (call === undefined) return turnAway(visit, path, '', 'model_not_found', notFound);
  const body = jsonBody(visit.request);
  const parsed = call.input.safeParse(body, { reportInput: true });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'invalid'}`;
    return turnAway(visit, path, '', 'invalid', recraftError(400, 'invalid_request_parameter', message));
  }
  const input = parsed.data as RecraftInput;
  const units = call.units(input);
  const job = await performJob(visit, draftOf(path, call, input, units), 'answer', ({ failure }) =>
    failure?.kind === 'source'
      ? recraftError(400, 'invalid_image', 'The image could not be read.')
      : errors.serverError(500),
  );
  if (job !== undefined) send(visit.response, await answerOf(visit, job, call, input, units));
}

function draftOf(path: string, call: RecraftCall, input: RecraftInput, units: number) {
  const { model, prompt, image_url: image } = input;
  return {
    id: randomUUID(),
    provider: 'recraft',
    model: path === 'generations' && typeof model === 'string' ? model : path,
    operation: path === 'generations' ? 'images' : 'tool',
    input,
    prompt: [prompt, image].find((words) => typeof words === 'string') ?? path,
    recipes: call.recipes(input, seedFrom(input)),
    priceUsd: units / 1_000,
  };
}

async function answerOf(
  visit: Visit,
  job: Job,
  { answer }: RecraftCall,
  input: RecraftInput,
  credits: number,
): Promise<Answer> {
  const images = await Promise.all(
    job.outputs.map(async (file, index) => {
      const image_id = `${job.id}-${index}`;
      if (input['response_format'] === 'b64_json') {
        return { image_id, b64_json: (await outputBytes(visit.services, job, index)).toString('base64') };
      }
      const url = `${originOf(visit.request)}/recraft/img/${job.id}/${index}.${file.extension}`;
      return { image_id, url };
    }),
  );
  const created = Math.floor(job.createdAt / 1000);
  const body =
    answer === 'data' ? { created, credits, data: images } : { created, credits, image: images[0] };
  return { status: 200, body };
}
