import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { acceptJob } from '../../../sandbox/core/accept-job';
import { seedFrom, sha256 } from '../../../sandbox/core/canonical-json';
import type { Job, JobDraft } from '../../../sandbox/core/job';
import { answerJob, serveOutput } from '../../../sandbox/core/serve-job';
import type { Services } from '../../../sandbox/core/services';
import {
  headersWorthKeeping,
  jsonBody,
  originOf,
  send,
  type Answer,
  type ProviderErrors,
  type Visit,
} from '../../../sandbox/core/visit';
import type { SandboxProvider } from '../../../sandbox/provider';
import {
  CHAOS_MODEL,
  CHAOS_PRICE_USD,
  chaosProviderId,
  SAFETY_CLASSES,
  type SafetyClass,
} from './chaos-classes';

/**
 * A provider per class, in the sandbox's process: its ledger, fault plan, jobs, files and callbacks are shared. Class
 * `idempotent` takes a key once, `lookup` finds a job by its key, `none` pays no heed to keys and calls back.
 */
export const chaosSandboxProviders: readonly SandboxProvider[] = SAFETY_CLASSES.map((safety) => ({
  id: chaosProviderId(safety),
  routes: (services) => new ChaosRoutes(safety, services).router(),
}));

const notFound: Answer = { status: 404, body: { error: 'no such job' } };
const refusal = (status: number, error: string): Answer => ({ status, body: { error } });
const errors: ProviderErrors = {
  unauthorized: () => refusal(401, 'unauthorized'),
  rateLimited: (seconds) => ({ ...refusal(429, 'slow down'), headers: { 'retry-after': String(seconds) } }),
  insufficientQuota: () => refusal(402, 'no credit'),
  serverError: (status) => refusal(status, 'server error'),
  refused: () => refusal(422, 'refused'),
};

class ChaosRoutes {
  private readonly provider: string;
  private readonly jobIds = new Map<string, string>();

  constructor(
    private readonly safety: SafetyClass,
    private readonly services: Services,
  ) {
    this.provider = chaosProviderId(safety);
    services.jobs.onClosed(this.provider, (job) => this.callBack(job));
  }

  router(): Router {
    const router = express.Router();
    router.post('/jobs', (request, response) => this.create(this.visit(request, response)));
    router.get('/jobs', (request, response) => this.find(request, response));
    router.get('/jobs/:id', (request, response) =>
      this.withJob(request, response, (visit, job) => answerJob(visit, job, 'poll', () => ok(visit, job))),
    );
    router.post('/jobs/:id/cancel', (request, response) =>
      this.withJob(request, response, async (visit, job) => {
        await this.services.jobs.cancel(job);
        send(response, ok(visit, job));
      }),
    );
    router.get('/jobs/:id/output', (request, response) =>
      this.withJob(request, response, (visit, job) => serveOutput(visit, job, 0, notFound)),
    );
    return router;
  }

  private visit(request: Request, response: Response): Visit {
    const receivedAt = new Date().toISOString();
    return { services: this.services, provider: this.provider, errors, request, response, receivedAt };
  }

  private async create(visit: Visit): Promise<void> {
    const key = visit.request.get('idempotency-key') ?? '';
    const known = this.safety === 'idempotent' ? this.jobOf(key) : undefined;
    if (known !== undefined) return this.replay(visit, known);
    const body = jsonBody(visit.request);
    const id = randomUUID();
    if (this.safety !== 'none') this.jobIds.set(key, id);
    const job = await acceptJob(visit, this.draft(id, body ?? {}), 'job');
    if (job !== undefined) send(visit.response, ok(visit, job));
  }

  private draft(id: string, { input, callbackUrl }: Record<string, unknown>): JobDraft {
    const { prompt, variant } = typeof input === 'object' && input !== null ? Object(input) : {};
    // The picture that comes in decides nothing, so it is left out of the hash of the request.
    const asked = { prompt: String(prompt), variant: Number(variant ?? 0) };
    const label = this.provider;
    const recipe = { kind: 'picture', width: 64, height: 64, format: 'png', label } as const;
    return {
      id,
      provider: this.provider,
      model: CHAOS_MODEL,
      operation: 'job',
      input: asked,
      prompt: asked.prompt,
      recipes: [{ ...recipe, prompt: asked.prompt, seed: seedFrom({ ...asked, label }) }],
      priceUsd: CHAOS_PRICE_USD,
      ...(this.safety === 'none' && typeof callbackUrl === 'string' ? { webhookUrl: callbackUrl } : {}),
    };
  }

  private async replay(visit: Visit, job: Job): Promise<void> {
    await this.services.ledger.append({
      receivedAt: visit.receivedAt,
      provider: this.provider,
      model: CHAOS_MODEL,
      kind: 'submit',
      accepted: false,
      billed: false,
      jobId: job.id,
      headers: headersWorthKeeping(visit.request),
      prompt: job.prompt,
      status: 'replayed',
    });
    send(visit.response, ok(visit, job));
  }

  private find(request: Request, response: Response): void {
    const job = this.safety === 'lookup' ? this.jobOf(textOf(request.query['key'])) : undefined;
    send(response, { status: 200, body: { jobs: job === undefined ? [] : [viewOf(job, request)] } });
  }

  private jobOf(key: string): Job | undefined {
    return this.services.jobs.get(this.provider, this.jobIds.get(key) ?? '');
  }

  private withJob(
    request: Request,
    response: Response,
    handle: (visit: Visit, job: Job) => Promise<void>,
  ): Promise<void> | void {
    const job = this.services.jobs.get(this.provider, String(request.params['id']));
    return job === undefined ? send(response, notFound) : handle(this.visit(request, response), job);
  }

  private async callBack(job: Job): Promise<void> {
    const body = JSON.stringify({ id: job.id, status: job.state, signature: sha256(job.id) });
    const build = () => ({ body, headers: {} });
    if (await this.services.webhooks.deliver(job, job.webhookUrl ?? '', build))
      this.services.jobs.settleWebhook(job);
  }
}

function ok(visit: Visit, job: Job): Answer {
  return { status: 200, body: viewOf(job, visit.request) };
}

function viewOf(job: Job, request: Request): Record<string, unknown> {
  const url = `${originOf(request)}/${job.provider}/jobs/${job.id}/output`;
  return { id: job.id, status: job.state, ...(job.state === 'succeeded' ? { url } : {}) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
