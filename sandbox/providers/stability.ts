import express, { type Request, type Response } from 'express';
import { randomBytes } from 'node:crypto';
import { acceptJob, turnAway } from '../core/accept-job';
import { seedFrom, sha256 } from '../core/canonical-json';
import type { Job } from '../core/job';
import { readMultipart, type Multipart } from '../core/multipart';
import { performJob } from '../core/perform-job';
import { answerJob, outputBytes } from '../core/serve-job';
import type { Services } from '../core/services';
import { credentialOf, send, type Answer, type ProviderErrors, type Visit } from '../core/visit';
import type { SandboxProvider } from '../provider';
import { creditsOf, faultsOf, inputOf, stabilityServices, type StabilityService } from './stability/services';

/**
 * Stability AI's Stable Image API (REST v2beta; stability-ai 0.7.0 and aself101/stability-ai-api 1.0.1, read 2026-11-26).
 * Base: `/stability`. Forms only; bytes or JSON by `Accept`; slow services answer an id and 202 until they are done. A
 * refusal is a 200 with `CONTENT_FILTERED`.
 */
export const stability: SandboxProvider = {
  id: 'stability',
  routes: (services) => {
    const router = express.Router();
    const visit = (request: Request, response: Response): Visit => visitOf(services, request, response);
    router.use((request, response, next) => void requireKey(visit(request, response), next));
    router.post('/v2beta/stable-image/:kind/:name', (request, response) =>
      serve(visit(request, response), `${request.params.kind}/${request.params.name}`),
    );
    router.get(
      ['/v2beta/results/:id', '/v2beta/stable-image/upscale/creative/result/:id'],
      (request, response) => showResult(visit(request, response), String(request.params.id)),
    );
    router.use((_request, response) => send(response, stabilityError(404, 'not_found', 'no such service')));
    return router;
  },
};

function stabilityError(status: number, name: string, ...errors: readonly string[]): Answer {
  return { status, body: { id: randomBytes(16).toString('hex'), name, errors } };
}

const errors: ProviderErrors = {
  unauthorized: () => stabilityError(401, 'unauthorized', 'missing or invalid API key'),
  rateLimited: (seconds) => ({
    ...stabilityError(429, 'rate_limit_exceeded', 'more than 150 requests in 10 seconds'),
    headers: { 'retry-after': String(seconds) },
  }),
  insufficientQuota: () => stabilityError(402, 'payment_required', 'not enough credits'),
  serverError: (status) => stabilityError(status, 'internal_error', 'an internal error occurred'),
  refused: () => stabilityError(403, 'content_moderation', 'the request was flagged by content moderation'),
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'stability', errors, request, response, receivedAt };
}

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  if (credentialOf(visit.request) !== undefined) return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', errors.unauthorized());
}

async function serve(visit: Visit, path: string): Promise<void> {
  const form = await readMultipart(visit.request.body, visit.request.get('content-type'));
  const service = Object.hasOwn(stabilityServices, path) ? stabilityServices[path] : undefined;
  const objection = objectionTo(service, form);
  if (service === undefined || form === undefined || objection !== undefined) {
    return turnAway(
      visit,
      path,
      form?.fields['prompt'] ?? '',
      'invalid',
      objection ?? errors.serverError(500),
    );
  }
  const draft = draftOf(path, service, form);
  if (service.isJob === true) {
    const job = await acceptJob(visit, draft, 'job');
    if (job !== undefined) send(visit.response, { status: 200, body: { id: job.id } });
    return;
  }
  const job = await performJob(visit, draft, 'job', (ended) =>
    ended.failure?.kind === 'source'
      ? stabilityError(400, 'bad_request', 'image: could not be read')
      : errors.serverError(500),
  );
  if (job !== undefined) send(visit.response, await resultOf(visit, job, 'image'));
}

function objectionTo(service: StabilityService | undefined, form: Multipart | undefined): Answer | undefined {
  if (service === undefined) return stabilityError(404, 'not_found', 'no such service');
  if (form === undefined)
    return stabilityError(400, 'bad_request', 'content-type: must be multipart/form-data');
  const faults = faultsOf(service, form);
  return faults.length === 0 ? undefined : stabilityError(400, 'bad_request', ...faults);
}

function draftOf(path: string, service: StabilityService, form: Multipart) {
  const files = Object.fromEntries(form.files.map(({ field, bytes }) => [field, sha256(bytes)]));
  const request = { path, ...form.fields, files };
  const input = inputOf(path, form, seedFrom(request));
  return {
    id: randomBytes(32).toString('hex'),
    provider: 'stability',
    model: form.fields['model'] ?? path,
    operation: service.isJob === true ? 'job' : 'image',
    input: request,
    prompt: input.prompt,
    recipes: [service.recipe(input)],
    priceUsd: creditsOf(service, form.fields) / 100,
  };
}

async function showResult(visit: Visit, id: string): Promise<void> {
  const job = visit.services.jobs.get('stability', id);
  if (job === undefined || job.operation !== 'job') {
    return send(visit.response, stabilityError(404, 'not_found', 'no such result, or it has expired'));
  }
  await answerJob(visit, job, 'poll', () => {
    if (job.state === 'open') return { status: 202, body: { id, status: 'in-progress' } };
    if (job.state === 'failed' && job.failure?.kind !== 'refused') {
      return stabilityError(job.failure?.kind === 'source' ? 400 : 404, 'not_found', 'the generation failed');
    }
    return resultOf(visit, job, 'result');
  });
}

/** JSON with base64, or the bytes; a filtered picture is a blur in either. */
async function resultOf(visit: Visit, job: Job, name: 'image' | 'result'): Promise<Answer> {
  const isFiltered = job.failure?.kind === 'refused';
  const reason = isFiltered ? 'CONTENT_FILTERED' : 'SUCCESS';
  const bytes = isFiltered ? BLUR : await outputBytes(visit.services, job, 0);
  const seed = seedFrom(job.input);
  if (/application\/json/.test(visit.request.get('accept') ?? '')) {
    return { status: 200, body: { [name]: bytes.toString('base64'), finish_reason: reason, seed } };
  }
  const type = isFiltered ? 'image/png' : (job.outputs[0]?.contentType ?? 'image/png');
  return {
    status: 200,
    headers: { 'content-type': type, 'finish-reason': reason, seed: String(seed) },
    body: bytes,
  };
}

/** One grey pixel. */
const BLUR = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCBd81ytgAAAABJRU5ErkJggg==',
  'base64',
);
