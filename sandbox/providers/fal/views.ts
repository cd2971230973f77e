import type { Request } from 'express';
import { seedFrom } from '../../core/canonical-json';
import type { StoredFile } from '../../core/file-store';
import { phaseOf, type Job } from '../../core/job';
import type { Services } from '../../core/services';
import { originOf, type Answer, type Visit } from '../../core/visit';
import { failureAnswer } from './errors';
import type { FalFile, FalPlan } from './define-model';
import { falModels } from './models';

/** Owner and app: under them alone requests live, whatever follows in the model's id. */
export function appOf(job: Job): string {
  return job.model.split('/').slice(0, 2).join('/');
}

export function linksOf(job: Job, request: Request) {
  const base = `${originOf(request)}/fal/${appOf(job)}/requests/${job.id}`;
  return {
    request_id: job.id,
    response_url: base,
    status_url: `${base}/status`,
    cancel_url: `${base}/cancel`,
  };
}

/** 202 while it waits or runs, 200 once COMPLETED, which a failed job is too. */
export function statusOf({ request }: Visit, job: Job): Answer {
  const headers = { 'x-fal-request-id': job.id };
  const links = linksOf(job, request);
  switch (phaseOf(job, Date.now())) {
    case 'queued':
      return { status: 202, headers, body: { status: 'IN_QUEUE', queue_position: 0, ...links } };
    case 'running':
      return { status: 202, headers, body: { status: 'IN_PROGRESS', logs: logsOf(request, job), ...links } };
    case 'closed': {
      const seconds = ((job.finishedAt ?? job.readyAt) - job.startsAt) / 1000;
      return {
        status: 200,
        headers,
        body: {
          status: 'COMPLETED',
          logs: logsOf(request, job),
          metrics: { inference_time: Math.max(0, seconds) },
          ...links,
          ...errorOf(job),
        },
      };
    }
  }
}

function logsOf(request: Request, job: Job) {
  if (request.query['logs'] !== '1') return null;
  return [
    {
      message: `sandbox: making ${job.model}`,
      level: 'INFO',
      source: 'USER',
      timestamp: new Date(job.startsAt).toISOString(),
    },
  ];
}

function errorOf(job: Job): { error?: string; error_type?: string } {
  if (job.state === 'succeeded') return {};
  const { status, headers } = failureAnswer(job);
  return { error: `Invalid status code: ${status}`, error_type: headers?.['x-fal-error-type'] };
}

/** The result call: the output itself, 400 while it is early, or what went wrong. */
export async function resultOf({ services, request }: Visit, job: Job): Promise<Answer> {
  const headers = { 'x-fal-request-id': job.id };
  if (job.state === 'open') return { status: 400, headers, body: { detail: 'Request is still in progress' } };
  if (job.state !== 'succeeded') {
    const failure = failureAnswer(job);
    return { ...failure, headers: { ...headers, ...failure.headers } };
  }
  const units = String(planOf(job).units);
  return {
    status: 200,
    headers: { ...headers, 'x-fal-billable-units': units },
    body: await outputOf(services, job, originOf(request)),
  };
}

/** The model's output JSON: links, or data URIs with `sync_mode`; a language model's text stands in it. */
export async function outputOf(services: Services, job: Job, origin: string): Promise<unknown> {
  const plan = planOf(job);
  const files = job.outputs.map(async (file, index): Promise<FalFile> => {
    const name = `${index}.${file.extension}`;
    const { width, height, contentType: content_type, size: file_size } = file;
    const link = `${origin}/fal/files/${job.id}/${name}`;
    const url = plan.dataUris === true ? await dataUri(services, file) : link;
    return { url, content_type, file_name: name, file_size, width, height };
  });
  const texts = job.outputs
    .filter(({ contentType }) => /^text\/|^application\/json$/.test(contentType))
    .map(async (file) => (await services.files.read(file)).toString('utf8'));
  return plan.output(await Promise.all(files), await Promise.all(texts));
}

async function dataUri(services: Services, file: StoredFile): Promise<string> {
  return `data:${file.contentType};base64,${(await services.files.read(file)).toString('base64')}`;
}

function planOf(job: Job): FalPlan {
  const read = falModels
    .find((candidate) => candidate.matches.test(job.model))
    ?.read(job.input, job.model, seedFrom(job.input));
  if (read === undefined || !('plan' in read)) throw new Error(`job ${job.id} has no plan`);
  return read.plan;
}
