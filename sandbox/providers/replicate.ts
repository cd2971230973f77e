import express, { type Request, type Response, type Router } from 'express';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { seedFrom, sha256 } from '../core/canonical-json';
import {
  acceptJob,
  answerJob,
  credentialOf,
  jsonBody,
  originOf,
  pause,
  send,
  serveOutput,
  turnAway,
  type Visit,
} from '../core/exchange';
import { phaseOf, type Job } from '../core/job';
import { readMultipart } from '../core/multipart';
import type { Services } from '../core/services';
import type { SandboxProvider } from '../provider';
import {
  invalidInput,
  missingToken,
  notFound,
  problem,
  refusalText,
  replicateErrors,
} from './replicate/errors';
import { replicateModels } from './replicate/models';

/**
 * Replicate's predictions, files and webhooks (OpenAPI 1.0.0-a1 and replicate.com/docs, read 2026-11-21).
 * Base: `/replicate/v1`; outputs under `/replicate/delivery`, gone after the sandbox's output lifetime.
 */
export const replicate: SandboxProvider = {
  id: 'replicate',
  routes: (services) => {
    const router = express.Router();
    services.jobs.onClosed('replicate', (job) => void callBack(services, job));
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

/** Files uploaded here are named by their API address, whose bytes lie next to it. */
function withOwnFiles(input: unknown, origin: string): unknown {
  if (typeof input === 'string')
    return input.startsWith(`${origin}/replicate/v1/files/`) && !input.endsWith('/download')
      ? `${input}/download`
      : input;
  if (Array.isArray(input)) return input.map((item) => withOwnFiles(item, origin));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, withOwnFiles(value, origin)]));
}

/** The prediction as the API shows it; after the outputs' lifetime its data are removed. */
function prediction(services: Services, job: Job, origin: string) {
  const base = `${origin}/replicate/v1/predictions/${job.id}`;
  const removed = job.finishedAt !== undefined && job.finishedAt + services.lifetimeMs < Date.now();
  const running = phaseOf(job, Date.now()) !== 'queued';
  const seconds = ((job.finishedAt ?? Date.now()) - job.startsAt) / 1000;
  return {
    id: job.id,
    model: job.model,
    version: sha256(job.model),
    input: removed ? {} : job.input,
    logs: removed || !running ? '' : `Using seed: ${seedFrom(job.input)}\n`,
    output: removed ? null : outputOf(job, origin),
    data_removed: removed,
    error: errorOf(job),
    source: 'api',
    status: statusOf(job),
    created_at: new Date(job.createdAt).toISOString(),
    started_at: running ? new Date(job.startsAt).toISOString() : null,
    completed_at: job.finishedAt === undefined ? null : new Date(job.finishedAt).toISOString(),
    urls: {
      get: base,
      cancel: `${base}/cancel`,
      web: `https://replicate.com/p/${job.id}`,
      stream: `${base}/stream`,
    },
    metrics:
      job.state === 'succeeded'
        ? { predict_time: Math.max(0, seconds), total_time: ((job.finishedAt ?? 0) - job.createdAt) / 1000 }
        : {},
  };
}

function statusOf(job: Job): 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled' {
  const phase = phaseOf(job, Date.now());
  if (phase === 'closed') return job.state === 'open' ? 'processing' : job.state;
  return phase === 'queued' ? 'starting' : 'processing';
}

function outputOf(job: Job, origin: string): string | string[] | null {
  if (job.state !== 'succeeded') return null;
  const read = replicateModels
    .find((candidate) => candidate.matches.test(job.model))
    ?.read(job.input, job.model, 0);
  const links = job.outputs.map(
    (file, index) => `${origin}/replicate/delivery/${job.id}/out-${index}.${file.extension}`,
  );
  return read !== undefined && 'plan' in read && read.plan.shape === 'list' ? links : (links[0] ?? null);
}

function errorOf(job: Job): string | null {
  switch (job.failure?.kind) {
    case undefined:
      return null;
    case 'refused':
      return refusalText;
    case 'source':
      return `Failed to read the input image: ${job.failure.message}`;
    default:
      return 'Prediction failed: the model raised an unexpected error.';
  }
}

async function keepFile(visit: Visit): Promise<void> {
  const form = await readMultipart(visit.request.body, visit.request.get('content-type'));
  const file = form?.files.find(({ field }) => field === 'content');
  if (file === undefined)
    return send(
      visit.response,
      problem(422, 'Invalid file', 'Expected a multipart body with a `content` part.'),
    );
  const id = randomUUID();
  visit.services.files.remember(
    id,
    visit.services.files.save({
      bytes: file.bytes,
      contentType: file.contentType,
      extension: file.name.split('.').at(-1) ?? 'bin',
    }),
  );
  visit.response.status(201);
  await showFile(visit, id);
}

async function showFile({ services, request, response }: Visit, id: string): Promise<void> {
  const file = services.files.recall(id);
  if (file === undefined) return send(response, notFound);
  const now = Date.now();
  response.json({
    id,
    name: `file.${file.extension}`,
    content_type: file.contentType,
    size: file.size,
    checksums: { sha256: file.sha256 },
    metadata: {},
    created_at: new Date(now).toISOString(),
    expires_at: new Date(now + 24 * 3_600_000).toISOString(),
    urls: { get: `${originOf(request)}/replicate/v1/files/${id}` },
  });
}

type WebhookEvent = 'start' | 'output' | 'completed';

function wants({ webhookUrl, webhookEvents }: Job, event: WebhookEvent): boolean {
  return (
    webhookUrl !== undefined &&
    (webhookEvents === undefined || webhookEvents.length === 0 || webhookEvents.includes(event))
  );
}

async function callBack(services: Services, job: Job): Promise<void> {
  if (wants(job, 'output') && job.state === 'succeeded') await deliver(services, job, 'output');
  if (!wants(job, 'completed') || (await deliver(services, job, 'completed')))
    services.jobs.settleWebhook(job);
}

/** Signed as Standard Webhooks says: HMAC-SHA256 over id, time and body. */
function deliver(services: Services, job: Job, event: WebhookEvent): Promise<boolean> {
  const body = JSON.stringify(prediction(services, job, services.origin()));
  const id = `msg_${sha256(`${job.id}/${event}`).slice(0, 27)}`;
  return services.webhooks.deliver(job, job.webhookUrl ?? '', () => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', services.secrets.hmacKey)
      .update(`${id}.${timestamp}.${body}`)
      .digest('base64');
    return {
      body,
      headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    };
  });
}
