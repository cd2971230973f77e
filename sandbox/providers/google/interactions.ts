import type { Request, Response, Router } from 'express';
import { randomBytes } from 'node:crypto';
import { acceptJob, turnAway } from '../../core/accept-job';
import { seedFrom } from '../../core/canonical-json';
import { phaseOf, type Job, type JobDraft } from '../../core/job';
import { answerJob, outputBytes, serveOutput } from '../../core/serve-job';
import { jsonBody, originOf, send, type Answer, type Visit } from '../../core/visit';
import { parsed } from './call';
import { googleError, unknownModel } from './errors';
import { interactionInput, type InteractionInput } from './inputs';

type VisitOf = (request: Request, response: Response) => Visit;

const videoModels = /^gemini-omni-1\.[12]-flash$/;
const notFound = googleError(404, 'NOT_FOUND', 'Requested entity was not found.');

/** The Interactions API for video, and the files that it answers with. Paths begin with the version. */
export function addInteractionRoutes(router: Router, visitOf: VisitOf): void {
  const found = (visit: Visit, id: unknown): Job | undefined => {
    const job = visit.services.jobs.get('google', String(id));
    return job?.operation === 'interaction' ? job : undefined;
  };
  router.post('/:version/interactions', (request, response) => create(visitOf(request, response)));
  router.get('/:version/interactions/:id', async (request, response) => {
    const visit = visitOf(request, response);
    const job = found(visit, request.params.id);
    if (job === undefined) return send(response, notFound);
    await answerJob(visit, job, 'poll', async () => ({ status: 200, body: await view(visit, job) }));
  });
  router.post('/:version/interactions/:id/cancel', async (request, response) => {
    const visit = visitOf(request, response);
    const job = found(visit, request.params.id);
    if (job === undefined) return send(response, notFound);
    await visit.services.jobs.cancel(job);
    send(response, { status: 200, body: await view(visit, job) });
  });
  router.delete('/:version/interactions/:id', (request, response) => {
    const job = found(visitOf(request, response), request.params.id);
    send(response, job === undefined ? notFound : { status: 200, body: {} });
  });
  router.get('/:version/files/:name', async (request, response) => {
    const visit = visitOf(request, response);
    const job = found(visit, /^([0-9a-f]+):download$/.exec(request.params.name)?.[1]);
    if (job === undefined) return send(response, notFound);
    await serveOutput(visit, job, 0, notFound);
  });
}

async function create(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, '', interactionInput, body);
  if (input === undefined) return;
  const { model } = input;
  const draft = draftOf(input, body);
  if (!videoModels.test(model))
    return turnAway(visit, model, draft.prompt, 'model_not_found', unknownModel(model, 'v1'));
  const id = randomBytes(16).toString('hex');
  const job = await acceptJob(visit, { ...draft, id, provider: 'google' }, 'job');
  if (job === undefined) return;
  if (input.background !== true) await visit.services.jobs.ended(job);
  send(visit.response, { status: 200, body: await view(visit, job) });
}

/** Price at 720p: $0.13 a second (fal.ai llms.txt of google/gemini-omni-flash, read 2026-11-21). */
function draftOf(input: InteractionInput, body: unknown): Omit<JobDraft, 'id' | 'provider'> {
  const parts = typeof input.input === 'string' ? [{ type: 'text', text: input.input }] : input.input;
  const prompt = parts.flatMap((part) => ('text' in part && part.text ? [part.text] : [])).join('\n');
  const [source] = parts.flatMap((part) => {
    if (part.type !== 'image' || !('data' in part)) return [];
    return [part.data === undefined ? (part.uri ?? '') : `data:${part.mime_type ?? ''};base64,${part.data}`];
  });
  const format = formatOf(input);
  const seconds = Number(/^\d+/.exec(format?.duration ?? '8s')?.[0] ?? 8);
  const aspect = format?.aspect_ratio === '9:16' ? 9 / 16 : 16 / 9;
  const label = `google · ${input.model}`;
  const seed = seedFrom(body);
  return {
    model: input.model,
    operation: 'interaction',
    input: body,
    prompt,
    priceUsd: seconds * 0.13,
    recipes: [{ kind: 'video', prompt, seed, label, source, seconds, aspect }],
  };
}

function formatOf({ response_format: format }: InteractionInput) {
  return Array.isArray(format) ? format[0] : format;
}

type Status = 'queued' | 'in_progress' | 'completed' | 'failed' | 'cancelled';

function statusOf(job: Job): Status {
  const phase = phaseOf(job, Date.now());
  if (phase !== 'closed') return phase === 'queued' ? 'queued' : 'in_progress';
  if (job.state === 'canceled') return 'cancelled';
  return job.state === 'succeeded' ? 'completed' : 'failed';
}

async function view(visit: Visit, job: Job): Promise<Answer['body']> {
  const status = statusOf(job);
  const isRefused = job.failure?.kind === 'refused';
  const message = isRefused ? 'The request was blocked by a safety policy.' : 'Internal error.';
  const video = status === 'completed' ? await videoOf(visit, job) : undefined;
  const output = {
    steps: [{ type: 'model_output', content: [video] }],
    output_video: video,
  };
  return {
    id: job.id,
    object: 'interaction',
    model: job.model,
    status,
    created: new Date(job.createdAt).toISOString(),
    updated: new Date(job.finishedAt ?? job.createdAt).toISOString(),
    ...(video === undefined ? { steps: [] } : output),
    ...(status === 'failed' ? { errors: [{ code: isRefused ? 'blocked' : 'internal', message }] } : {}),
  };
}

async function videoOf(visit: Visit, job: Job): Promise<unknown> {
  const input = interactionInput.parse(job.input);
  const mime = { type: 'video', mime_type: 'video/mp4' };
  if (formatOf(input)?.delivery !== 'uri')
    return { ...mime, data: (await outputBytes(visit.services, job, 0)).toString('base64') };
  const uri = `${originOf(visit.request)}/google/v1beta/files/${job.id}:download?alt=media`;
  return { ...mime, uri };
}
