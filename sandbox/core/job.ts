import type { Recipe } from '../media/recipe';
import type { StoredFile } from './file-store';

/** Why a job ended badly; providers put it in their own words. `invalid` carries the provider's own details. */
export interface JobFailure {
  readonly kind: 'refused' | 'failed' | 'invalid' | 'source';
  readonly message: string;
  readonly details?: unknown;
}

/** What a provider hands over to have a job accepted. */
export interface JobDraft {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  /** How it was called, for providers with several ways (fal: queue, run). */
  readonly operation: string;
  readonly input: unknown;
  readonly prompt: string;
  readonly recipes: readonly Recipe[];
  /** List price of a successful run, US dollars. */
  readonly priceUsd: number;
  readonly webhookUrl?: string;
  readonly webhookEvents?: readonly string[];
  /** Set when the provider takes the job although it can only fail. */
  readonly failure?: JobFailure;
}

export type JobState = 'open' | 'succeeded' | 'failed' | 'canceled';

export interface Job extends Omit<JobDraft, 'recipes'> {
  recipes: readonly Recipe[];
  readonly requestHash: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly startsAt: number;
  readonly readyAt: number;
  readonly neverFinishes: boolean;
  /** Until the next fault plan. */
  isHeld: boolean;
  state: JobState;
  outputs: readonly StoredFile[];
  failure?: JobFailure;
  finishedAt?: number;
  /** Callbacks answered with 2xx, or given up: nothing more is to be sent. */
  webhookSettled?: boolean;
}

/** Where an open job stands at `now`. */
export function phaseOf(job: Job, now: number): 'queued' | 'running' | 'closed' {
  if (job.state !== 'open') return 'closed';
  return now < job.startsAt ? 'queued' : 'running';
}

/** What a fault rule looks at. */
export function situationOf(job: Pick<JobDraft, 'provider' | 'model' | 'prompt'>): {
  provider: string;
  model: string;
  prompt: string;
} {
  return { provider: job.provider, model: job.model, prompt: job.prompt };
}
