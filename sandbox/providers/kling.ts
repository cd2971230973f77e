import express, { type Request, type Response } from 'express';
import { createHmac, randomBytes } from 'node:crypto';
import { acceptJob, turnAway } from '../core/accept-job';
import { seedFrom, sha256 } from '../core/canonical-json';
import { phaseOf, type Job } from '../core/job';
import { answerJob, serveOutput } from '../core/serve-job';
import type { Services } from '../core/services';
import { credentialOf, jsonBody, originOf, send, type Answer, type Visit } from '../core/visit';
import type { SandboxProvider } from '../provider';
import { invalidInput, klingError, klingErrors, unknownTask } from './kling/errors';
import { klingTasks, type KlingTaskKind } from './kling/tasks';

/**
 * Kling's classic dialect: a task is posted to its path, and asked for there by its id or by the caller's
 * `external_task_id`. Callbacks are signed with the sandbox's own secret, as for an account that has set one. Base:
 * `/kling` (kling.ai/document-api, read 2026-11-21).
 */
export const kling: SandboxProvider = {
  id: 'kling',
  routes: (services) => {
    const router = express.Router();
    services.jobs.onClosed('kling', (job) => callBack(services, job));
    router.get('/files/:id/:name', async (request, response) => {
      const job = services.jobs.get('kling', request.params.id);
      if (job === undefined) return send(response, unknownTask);
      await serveOutput(visitOf(services, request, response), job, 0, unknownTask);
    });
    router.use((request, response, next) => void requireToken(visitOf(services, request, response), next));
    for (const kind of klingTasks) {
      router.post(kind.path, (request, response) => create(visitOf(services, request, response), kind));
      router.get(`${kind.path}/:id`, (request, response) =>
        show(visitOf(services, request, response), kind, request.params['id'] ?? ''),
      );
    }
    router.use((_request, response) =>
      send(response, klingError(404, 1202, 'The requested method is invalid')),
    );
    return router;
  },
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'kling', errors: klingErrors, request, response, receivedAt };
}

/** Any key will do, but a token has to be one that is valid now. */
async function requireToken(visit: Visit, next: () => void): Promise<void> {
  const token = credentialOf(visit.request) ?? '';
  const fault = token === '' ? klingError(401, 1001, 'Authorization is empty') : tokenFault(token);
  if (fault === undefined) return next();
  await turnAway(visit, '', '', 'unauthorized', fault);
}

function tokenFault(token: string): Answer | undefined {
  const [head, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined || head?.startsWith('ey') !== true) return undefined;
  const { iss, exp, nbf } = claimsOf(payload);
  const now = Date.now() / 1_000;
  if (typeof iss !== 'string') return klingError(401, 1002, 'Authorization is invalid');
  if (typeof nbf === 'number' && nbf > now) return klingError(401, 1003, 'Authorization is not valid yet');
  return typeof exp === 'number' && exp > now ? undefined : klingError(401, 1004, 'Authorization is expired');
}

function claimsOf(payload: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

async function create(visit: Visit, kind: KlingTaskKind): Promise<void> {
  const { services, request } = visit;
  const body = jsonBody(request);
  const { callback_url: callback, external_task_id: external, ...input } = body ?? {};
  const read = kind.read(input, seedFrom(input));
  const model = typeof input['model_name'] === 'string' ? input['model_name'] : kind.path;
  if (!('plan' in read)) return turnAway(visit, model, '', 'invalid', invalidInput(read.issues));
  const externalId = typeof external === 'string' ? external : '';
  if (externalId !== '' && find(services, kind, externalId) !== undefined)
    return turnAway(visit, model, '', 'invalid', klingError(400, 1201, 'external_task_id is not unique'));
  const { prompt, recipe, priceUsd } = read.plan;
  const draft = {
    id: randomBytes(11).toString('base64url').replace(/[-_]/g, 'A'),
    provider: 'kling',
    model,
    operation: `${kind.path} ${externalId}`,
    input,
    prompt,
    recipes: [recipe],
    priceUsd,
    webhookUrl: typeof callback === 'string' ? callback : undefined,
  };
  const job = await acceptJob(visit, draft, 'job');
  if (job !== undefined) send(visit.response, taskAnswer(job, 'submitted', originOf(request)));
}

async function show(visit: Visit, kind: KlingTaskKind, id: string): Promise<void> {
  const job = find(visit.services, kind, id);
  if (job === undefined) return send(visit.response, unknownTask);
  await answerJob(visit, job, 'poll', () => taskAnswer(job, statusOf(job), originOf(visit.request)));
}

/** By Kling's id or by the caller's own. */
function find({ jobs }: Services, kind: KlingTaskKind, id: string): Job | undefined {
  const isOurs = (job: Job | undefined): boolean => job?.operation.split(' ')[0] === kind.path;
  const job = jobs.get('kling', id) ?? jobs.all().find(({ operation }) => operation === `${kind.path} ${id}`);
  return isOurs(job) ? job : undefined;
}

type TaskStatus = 'submitted' | 'processing' | 'succeed' | 'failed';

function statusOf(job: Job): TaskStatus {
  if (job.state === 'succeeded') return 'succeed';
  if (job.state !== 'open') return 'failed';
  return phaseOf(job, Date.now()) === 'queued' ? 'submitted' : 'processing';
}

function taskAnswer(job: Job, status: TaskStatus, origin: string): Answer {
  const data = taskOf(job, status, origin);
  return {
    status: 200,
    body: { code: 0, message: 'SUCCEED', request_id: sha256(job.id).slice(0, 32), data },
  };
}

function taskOf(job: Job, status: TaskStatus, origin: string) {
  const [, external = ''] = job.operation.split(' ');
  const [file] = job.outputs;
  return {
    task_id: job.id,
    task_status: status,
    ...(status === 'failed' ? { task_status_msg: failureText(job) } : {}),
    task_info: { ...(external === '' ? {} : { external_task_id: external }) },
    created_at: job.createdAt,
    updated_at: job.finishedAt ?? job.createdAt,
    ...(status === 'succeed' && file !== undefined
      ? {
          task_result: {
            videos: [
              {
                id: sha256(`video/${job.id}`).slice(0, 20),
                url: `${origin}/kling/files/${job.id}/output.mp4`,
                duration: (file.durationSeconds ?? 0).toFixed(1),
              },
            ],
          },
          final_unit_deduction: String(Math.round((job.priceUsd / 0.14) * 100) / 100),
        }
      : {}),
  };
}

/** The wordings have no source but what users report. */
function failureText({ failure }: Job): string {
  switch (failure?.kind) {
    case 'refused':
      return 'Failure to pass the risk control system';
    case 'source':
      return 'File is not in a valid format';
    default:
      return 'Service is busy, the task failed';
  }
}

/** Signed as Standard Webhooks says; the body is the task. */
async function callBack(services: Services, job: Job): Promise<void> {
  if (job.webhookUrl === undefined || job.state === 'canceled') return;
  const body = JSON.stringify(taskOf(job, statusOf(job), services.origin()));
  const id = `msg_${sha256(`${job.id}/closed`).slice(0, 27)}`;
  const settled = await services.webhooks.deliver(job, job.webhookUrl, () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signed = createHmac('sha256', services.secrets.hmacKey).update(`${id}.${timestamp}.${body}`);
    const signature = `v1,${signed.digest('base64')}`;
    return {
      body,
      headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature },
    };
  });
  if (settled) services.jobs.settleWebhook(job);
}
