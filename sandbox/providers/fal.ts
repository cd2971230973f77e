import express, { type Request, type Response, type Router } from 'express';
import { randomUUID } from 'node:crypto';
import { seedFrom } from '../core/canonical-json';
import { acceptJob, turnAway } from '../core/accept-job';
import { answerJob, serveOutput } from '../core/serve-job';
import { credentialOf, jsonBody, originOf, send, type Answer, type Visit } from '../core/visit';
import type { Job } from '../core/job';
import type { Services } from '../core/services';
import type { SandboxProvider } from '../provider';
import { detailsOf, falErrors } from './fal/errors';
import { callBack } from './fal/callbacks';
import { falModels } from './fal/models';
import { appOf, linksOf, resultOf, statusOf } from './fal/views';

/**
 * fal's queue, its synchronous host, storage and webhook keys on one prefix. Queue base: `/fal`; synchronous
 * base (fal.run): `/fal/run`; keys: `/fal/.well-known/jwks.json`. A call with `x-fal-target-url` (the official
 * client through `proxyUrl`) goes where that header says. Contract: docs.fal.ai and fal-js, read 2026-11-21.
 */
export const fal: SandboxProvider = {
  id: 'fal',
  routes: (services) => {
    const router = express.Router();
    services.jobs.onClosed('fal', (job) => callBack(services, job));
    router.use(towardsTarget);
    router.get(
      '/.well-known/jwks.json',
      (_request, response) => void response.json({ keys: [services.secrets.publicJwk()] }),
    );
    addFileRoutes(router, services);
    router.use((request, response, next) => void requireKey(visitOf(services, request, response), next));
    router.post('/storage/upload/initiate', (request, response) =>
      beginUpload(visitOf(services, request, response)),
    );
    addJobRoutes(router, services);
    router.post('/run/*model', (request, response) =>
      run(visitOf(services, request, response), pathOf(request)),
    );
    router.post('/*model', (request, response) =>
      submit(visitOf(services, request, response), pathOf(request)),
    );
    router.use((_request, response) => send(response, { status: 404, body: { detail: 'Not Found' } }));
    return router;
  },
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  return {
    services,
    provider: 'fal',
    errors: falErrors,
    request,
    response,
    receivedAt: new Date().toISOString(),
  };
}

/** The official client behind a proxy names the real address in a header: the host decides which door it is. */
function towardsTarget(request: Request, _response: Response, next: () => void): void {
  const target = request.get('x-fal-target-url');
  if (target !== undefined && URL.canParse(target)) {
    const { hostname, pathname, search } = new URL(target);
    request.url = `${hostname === 'fal.run' ? '/run' : ''}${pathname.replace(/^\/fal\//, '/')}${search}`;
  }
  next();
}

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  if (/^Key\s+\S/.test(visit.request.get('authorization') ?? '') && credentialOf(visit.request) !== undefined)
    return next();
  await turnAway(visit, visit.request.path.slice(1), '', 'unauthorized', falErrors.unauthorized());
}

function addFileRoutes(router: Router, services: Services): void {
  router.put('/files/upload/:id', async (request, response) => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const contentType = request.get('content-type') ?? 'application/octet-stream';
    const file = services.files.save({ bytes, contentType, extension: 'bin' });
    response.status(services.files.remember(request.params.id, file) ? 200 : 404).end();
  });
  router.get('/files/upload/:id/:name', async (request, response) => {
    const file = services.files.recall(request.params.id);
    if (file === undefined) return send(response, goneFile);
    response.type(file.contentType).send(await services.files.read(file));
  });
  router.get('/files/:job/:name', async (request, response) => {
    const job = services.jobs.get('fal', request.params.job);
    if (job === undefined) return send(response, goneFile);
    await serveOutput(
      visitOf(services, request, response),
      job,
      Number.parseInt(request.params.name, 10),
      goneFile,
    );
  });
}

const goneFile: Answer = { status: 404, body: { detail: 'File not found' } };

async function beginUpload({ request, response }: Visit): Promise<void> {
  const id = randomUUID();
  const { file_name: given } = jsonBody(request) ?? {};
  const name = (typeof given === 'string' ? given : 'file.bin').replace(/[^\w.-]/g, '_');
  const base = `${originOf(request)}/fal/files/upload/${id}`;
  response.json({ upload_url: base, file_url: `${base}/${name}` });
}

/** `/fal-ai/bytedance/...` as the model id; express gives the wildcard as its parts. */
function pathOf(request: Request): string {
  const { model } = request.params as { model?: string[] };
  return (model ?? []).join('/');
}

/** Queue and gateway do not validate: a bad input is accepted, and its result is a 422. */
async function take(visit: Visit, model: string, operation: 'queue' | 'run'): Promise<Job | undefined> {
  const family = falModels.find((candidate) => candidate.matches.test(model));
  const body = jsonBody(visit.request);
  if (family === undefined) {
    const detail = `Application "${model.split('/').slice(0, 2).join('/')}" not found`;
    await turnAway(visit, model, '', 'model_not_found', { status: 404, body: { detail } });
    return undefined;
  }
  const read = family.read(body, model, seedFrom(body));
  const { fal_webhook: webhookUrl } = visit.request.query;
  return acceptJob(
    visit,
    {
      id: randomUUID(),
      provider: 'fal',
      model,
      operation,
      input: body ?? null,
      ...('plan' in read
        ? { prompt: read.plan.prompt, recipes: read.plan.recipes, priceUsd: read.plan.priceUsd }
        : {
            prompt: textOf(body),
            recipes: [],
            priceUsd: 0,
            failure: { kind: 'invalid', message: 'invalid input', details: detailsOf(read.issues, body) },
          }),
      webhookUrl: typeof webhookUrl === 'string' ? webhookUrl : undefined,
    },
    'job',
  );
}

async function submit(visit: Visit, model: string): Promise<void> {
  const job = await take(visit, model, 'queue');
  if (job === undefined) return;
  visit.response
    .set('x-fal-request-id', job.id)
    .json({ status: 'IN_QUEUE', ...linksOf(job, visit.request), queue_position: 0 });
}

async function run(visit: Visit, model: string): Promise<void> {
  const job = await take(visit, model, 'run');
  if (job === undefined) return;
  await visit.services.jobs.ended(job);
  send(visit.response, await resultOf(visit, job));
}

function addJobRoutes(router: Router, services: Services): void {
  const at = '/:owner/:app/requests/:id';
  router.get(`${at}/status`, (request, response) =>
    withJob(services, request, response, (visit, job) =>
      answerJob(visit, job, 'poll', () => statusOf(visit, job)),
    ),
  );
  router.get(`${at}/status/stream`, (request, response) =>
    withJob(services, request, response, streamStatus),
  );
  router.put(`${at}/cancel`, (request, response) => withJob(services, request, response, cancel));
  const result = (request: Request, response: Response): Promise<void> =>
    withJob(services, request, response, (visit, job) =>
      answerJob(visit, job, 'result', () => resultOf(visit, job)),
    );
  router.get(at, result);
  router.get(`${at}/response`, result);
}

async function withJob(
  services: Services,
  request: Request,
  response: Response,
  handle: (visit: Visit, job: Job) => Promise<void>,
): Promise<void> {
  const { owner, app, id } = request.params as Record<string, string>;
  const job = services.jobs.get('fal', id ?? '');
  if (job === undefined || job.operation !== 'queue' || appOf(job) !== `${owner}/${app}`) {
    return send(
      response,
      request.method === 'PUT'
        ? { status: 404, body: { status: 'NOT_FOUND' } }
        : { status: 404, body: { detail: 'Request not found' } },
    );
  }
  await handle(visitOf(services, request, response), job);
}

async function streamStatus(visit: Visit, job: Job): Promise<void> {
  const { response, services } = visit;
  const event = (): string => `data: ${JSON.stringify(statusOf(visit, job).body)}\n\n`;
  response.status(200).type('text/event-stream').write(event());
  if (job.state === 'open') {
    await services.jobs.ended(job);
    response.write(event());
  }
  response.end();
}

async function cancel({ response, services }: Visit, job: Job): Promise<void> {
  const canceled = await services.jobs.cancel(job);
  send(
    response,
    canceled
      ? { status: 202, body: { status: 'CANCELLATION_REQUESTED' } }
      : { status: 400, body: { status: 'ALREADY_COMPLETED' } },
  );
}

function textOf(body: Record<string, unknown> | undefined): string {
  const text = body?.['prompt'] ?? body?.['text'] ?? '';
  return typeof text === 'string' ? text : '';
}
