import express, { type Request, type Response } from 'express';
import { createHmac, randomUUID } from 'node:crypto';
import { acceptJob, turnAway } from '../core/accept-job';
import { seedFrom } from '../core/canonical-json';
import type { Job } from '../core/job';
import { answerJob, serveOutput } from '../core/serve-job';
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
import { bflModels, bflRecipe, type BflInput } from './bfl/models';

/**
 * Black Forest Labs (docs.bfl.ai and vercel/ai packages/black-forest-labs 1.0.33, read 2026-11-26): tasks, their polling
 * addresses, signed callbacks. Base: `/bfl/v1`; pictures under `/bfl/delivery`. Refusals are a status of the task.
 */
export const bfl: SandboxProvider = {
  id: 'bfl',
  routes: (services) => {
    const router = express.Router();
    const visit = (request: Request, response: Response): Visit => visitOf(services, request, response);
    services.jobs.onClosed('bfl', (job) => callBack(services, job));
    router.get('/delivery/:id/:name', async (request, response) => {
      const job = services.jobs.get('bfl', request.params.id);
      if (job === undefined) return send(response, gone);
      await serveOutput(visit(request, response), job, 0, gone);
    });
    router.use((request, response, next) => void requireKey(visit(request, response), next));
    router.get('/v1/get_result', (request, response) =>
      showResult(visit(request, response), textOf(request.query['id'])),
    );
    router.post('/v1/:model', (request, response) => create(visit(request, response), request.params.model));
    router.use((_request, response) => send(response, { status: 404, body: { detail: 'Not Found' } }));
    return router;
  },
};

const gone: Answer = { status: 404, body: { detail: 'Not Found' } };

const errors: ProviderErrors = {
  unauthorized: () => ({ status: 401, body: { detail: 'Not authenticated - Invalid Authentication' } }),
  rateLimited: (seconds) => ({
    status: 429,
    headers: {
      'retry-after': String(seconds),
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + seconds),
    },
    body: { error: 'rate_limit_exceeded', message: 'Too many active tasks', retry_after: seconds },
  }),
  insufficientQuota: () => ({ status: 402, body: { detail: 'Insufficient credits.' } }),
  serverError: (status) => ({ status, body: { detail: 'Internal Server Error' } }),
  refused: () => ({ status: 422, body: { error: 'Request Moderated' } }),
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'bfl', errors, request, response, receivedAt };
}

async function requireKey(visit: Visit, next: () => void): Promise<void> {
  if (visit.request.get('x-key') !== undefined && credentialOf(visit.request) !== undefined) return next();
  await turnAway(visit, visit.request.path, '', 'unauthorized', errors.unauthorized());
}

async function create(visit: Visit, model: string): Promise<void> {
  const { request, response } = visit;
  const family = bflModels.find(({ matches }) => matches.test(model));
  if (family === undefined) return turnAway(visit, model, '', 'model_not_found', gone);
  const body = jsonBody(request);
  const parsed = family.input.safeParse(body, { reportInput: true });
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => ({
      loc: ['body', ...issue.path],
      msg: issue.input === undefined ? 'Field required' : issue.message,
      type: issue.input === undefined ? 'missing' : 'value_error',
    }));
    return turnAway(visit, model, '', 'invalid', { status: 422, body: { detail } });
  }
  const input = parsed.data as BflInput;
  const cost = family.cents({ ...input, model });
  const draft = {
    id: randomUUID(),
    provider: 'bfl',
    model,
    operation: 'task',
    input: body,
    prompt: typeof input['prompt'] === 'string' ? input['prompt'] : '',
    recipes: [bflRecipe(model, family, input, seedFrom(withoutCallback(input)))],
    priceUsd: cost / 100,
    ...(typeof input['webhook_url'] === 'string' ? { webhookUrl: input['webhook_url'] } : {}),
  };
  const job = await acceptJob(visit, draft, 'job');
  if (job === undefined) return;
  const polling_url = `${originOf(request)}/bfl/v1/get_result?id=${job.id}`;
  send(response, { status: 200, body: { id: job.id, polling_url, cost, input_mp: null, output_mp: null } });
}

/** The same picture whoever is told of it. */
function withoutCallback({ webhook_url: _url, webhook_secret: _secret, ...rest }: BflInput): BflInput {
  return rest;
}

async function showResult(visit: Visit, id: string): Promise<void> {
  const job = visit.services.jobs.get('bfl', id);
  if (job === undefined) {
    return send(visit.response, { status: 404, body: { id, status: 'Task not found', result: null } });
  }
  await answerJob(visit, job, 'poll', () => ({ status: 200, body: taskOf(job, originOf(visit.request)) }));
}

function taskOf(job: Job, origin: string) {
  const { id } = job;
  const [file] = job.outputs;
  const done = job.state === 'succeeded' && file !== undefined;
  return {
    id,
    status: statusOf(job),
    progress: job.state === 'open' ? 0.5 : 1,
    result: done
      ? {
          sample: `${origin}/bfl/delivery/${id}/sample.${file.extension}`,
          prompt: job.prompt,
          seed: seedFrom(job.input),
          start_time: job.startsAt / 1000,
          end_time: (job.finishedAt ?? job.startsAt) / 1000,
          duration: Math.max(0, (job.finishedAt ?? job.startsAt) - job.startsAt) / 1000,
        }
      : null,
  };
}

function statusOf(job: Job): string {
  if (job.state === 'open') return 'Pending';
  if (job.state === 'succeeded') return 'Ready';
  return job.failure?.kind === 'refused' ? 'Content Moderated' : 'Error';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Signed with the secret that came with the task. */
async function callBack(services: Services, job: Job): Promise<void> {
  const { webhook_secret: secret } = (job.input ?? {}) as BflInput;
  const body = JSON.stringify(taskOf(job, services.origin()));
  const signature = createHmac('sha256', textOf(secret)).update(body).digest('hex');
  const isSettled = await services.webhooks.deliver(job, job.webhookUrl ?? '', () => ({
    body,
    headers: { 'x-bfl-signature': `sha256=${signature}` },
  }));
  if (isSettled) services.jobs.settleWebhook(job);
}
