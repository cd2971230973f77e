import express, { type Request, type Response, type Router } from 'express';
import { randomBytes } from 'node:crypto';
import { seedFrom } from '../core/canonical-json';
import { acceptJob, turnAway } from '../core/accept-job';
import { pause } from '../core/misbehave';
import { answerJob, serveOutput } from '../core/serve-job';
import { credentialOf, jsonBody, originOf, send, type Visit } from '../core/visit';
import type { Job } from '../core/job';
import type { Services } from '../core/services';
import type { SandboxProvider } from '../provider';
import { callBack, deliver, wants } from './replicate/callbacks';
import { invalidInput, missingToken, notFound, problem, replicateErrors } from './replicate/errors';
import { keepFile, showFile, withOwnFiles } from './replicate/files';
import { replicateModels } from './replicate/models';
import { prediction } from './replicate/prediction';

/**
 * Replicate's predictions, files and webhooks (OpenAPI 1.0.0-a1 and replicate.com/docs, read 2026-11-21).
 * Base: `/replicate/v1`; outputs under `/replicate/delivery`, gone after the sandbox's output lifetime.
 */
export const replicate: SandboxProvider = {
  id: 'replicate',
  routes: (services) => {
    const router = express.Router();
    services.jobs.onClosed('replicate', (job) => callBack(services, job));
    router.get('/delivery/:id/:name', async (request, response) => {
      const job = services.jobs.get('replicate', request.params.id);
      const index = Number(/^out-(\d+)/.exec(request.params.name)?.[1] ?? NaN);
      if (job === undefined) return send(response, notFound);
      await serveOutput(visitOf(services, request, response), job, index, notFound);
    });
    router.get('/v1/files/:id/download', async (request, response) => {
      const file = services.files.recall(request.params.id);
      if (file === undefined) return send(response, notFound);
      response.type(file.contentType).send(await services.files.read(file));
    });
    router.use((request, response, next) => void requireToken(visitOf(services, request, response), next));
    addPredictionRoutes(router, services);
    router.post('/v1/files', (request, response) => keepFile(visitOf(services, request, response)));
    router.get('/v1/files/:id', (request, response) =>
      showFile(visitOf(services, request, response), request.params.id),
    );
    router.get(
      '/v1/webhooks/default/secret',
      (_request, response) => void response.json({ key: services.secrets.webhookSecret }),
    );
    router.use((_request, response) => send(response, notFound));
    return router;
  },
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  return {
    services,
    provider: 'replicate',
    errors: replicateErrors,
    request,
    response,
    receivedAt: new Date().toISOString(),
  };
}

async function requireToken(visit: Visit, next: () => void): Promise<void> {
  if (
    /^(Bearer|Token)\s/.test(visit.request.get('authorization') ?? '') &&
    credentialOf(visit.request) !== undefined
  )
    return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', missingToken);
}

function addPredictionRoutes(router: Router, services: Services): void {
  router.post('/v1/models/:owner/:name/predictions', (request, response) =>
    create(visitOf(services, request, response), `${request.params.owner}/${request.params.name}`),
  );
  router.post('/v1/predictions', (request, response) =>
    create(visitOf(services, request, response), modelOf(jsonBody(request)?.['version'])),
  );
  router.get('/v1/predictions', (request, response) => {
    const jobs = services.jobs.all().filter(({ provider }) => provider === 'replicate');
    const results = jobs.sort((left, right) => right.createdAt - left.createdAt).slice(0, 100);
    response.json({
      next: null,
      previous: null,
      results: results.map((job) => prediction(services, job, originOf(request))),
    });
  });
  const withJob = (
    request: Request,
    response: Response,
    handle: (visit: Visit, job: Job) => Promise<void>,
  ): Promise<void> | void => {
    const job = services.jobs.get('replicate', String(request.params['id']));
    return job === undefined ? send(response, notFound) : handle(visitOf(services, request, response), job);
  };
  router.get('/v1/predictions/:id', (request, response) => withJob(request, response, show));
  router.post('/v1/predictions/:id/cancel', (request, response) =>
    withJob(request, response, async (visit, job) => {
      await services.jobs.cancel(job);
      send(visit.response, { status: 200, body: prediction(services, job, originOf(request)) });
    }),
  );
}

function show(visit: Visit, job: Job): Promise<void> {
  return answerJob(visit, job, 'poll', () => ({
    status: 200,
    body: prediction(visit.services, job, originOf(visit.request)),
  }));
}

/** `owner/name`, `owner/name:version`; a bare version id is that of the model whose id hashes to it. */
function modelOf(version: unknown): string {
  const text = typeof version === 'string' ? version : '';
  return text.split(':')[0] ?? '';
}

async function create(visit: Visit, model: string): Promise<void> {
  const { services, request } = visit;
  const body = jsonBody(request);
  const family = replicateModels.find((candidate) => candidate.matches.test(model));
  if (family === undefined) {
    const answer = request.path.startsWith('/v1/models/')
      ? notFound
      : problem(
          422,
          'Invalid version or not permitted',
          "The specified version does not exist (or perhaps you don't have permission to use it?)",
        );
    return turnAway(visit, model, '', 'model_not_found', answer);
  }
  const input = withOwnFiles(body?.['input'] ?? {}, originOf(request));
  const read = family.read(input, model, seedFrom(input));
  if (!('plan' in read)) return turnAway(visit, model, '', 'invalid', invalidInput(read.issues));
  const { webhook, webhook_events_filter: events } = body ?? {};
  const id = randomBytes(16).toString('hex').slice(0, 26);
  const { prompt, recipes, priceUsd } = read.plan;
  const webhookUrl = typeof webhook === 'string' ? webhook : undefined;
  const webhookEvents = Array.isArray(events) ? events.map(String) : undefined;
  const job = await acceptJob(
    visit,
    {
      id,
      provider: 'replicate',
      model,
      operation: 'prediction',
      input,
      prompt,
      recipes,
      priceUsd,
      webhookUrl,
      webhookEvents,
    },
    'job',
  );
  if (job === undefined) return;
  if (wants(job, 'start')) void deliver(services, job, 'start');
  await Promise.race([services.jobs.ended(job), pause(waitMs(request))]);
  send(visit.response, {
    status: 201,
    headers: waitMs(request) > 0 ? { 'preference-applied': 'wait' } : {},
    body: prediction(services, job, originOf(request)),
  });
}

/** `Prefer: wait` holds the answer for up to 60 s, `wait=n` for n. */
function waitMs(request: Request): number {
  const wait = /\bwait(?:=(\d+))?/.exec(request.get('prefer') ?? '');
  return wait === null ? 0 : Math.min(60, Math.max(1, Number(wait[1] ?? 60))) * 1000;
}
