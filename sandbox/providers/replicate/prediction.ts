import { seedFrom, sha256 } from '../../core/canonical-json';
import { phaseOf, type Job } from '../../core/job';
import type { Services } from '../../core/services';
import { refusalText } from './errors';
import { replicateModels } from './models';

/** The prediction as the API shows it; after the outputs' lifetime its data are removed. */
export function prediction(services: Services, job: Job, origin: string) {
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
    output: removed ? null : outputOf(services, job, origin),
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

function outputOf({ files }: Services, job: Job, origin: string): string | string[] | null {
  if (job.state !== 'succeeded') return null;
  const read = replicateModels
    .find((candidate) => candidate.matches.test(job.model))
    ?.read(job.input, job.model, 0);
  const links = job.outputs.map(
    (file, index) => `${origin}/replicate/delivery/${job.id}/out-${index}.${file.extension}`,
  );
  const shape = read !== undefined && 'plan' in read ? read.plan.shape : 'one';
  // Language models give their words in pieces.
  if (shape === 'text') return job.outputs.flatMap((file) => files.readText(file).split(/(?<=\s)/));
  return shape === 'list' ? links : (links[0] ?? null);
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
