import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Producer } from '../media/producer';
import { SourceError, type Recipe } from '../media/recipe';
import { canonicalJson, sha256 } from './canonical-json';
import { keptMs, writeWhole } from './file-store';
import type { Job, JobDraft, JobFailure } from './job';
import { ledgerText, type Ledger } from './ledger';

/** What the fault plan decided about a job when it was taken. */
export interface JobFate {
  readonly neverFinishes?: boolean;
  readonly isHeld?: boolean;
  readonly delayMs?: number;
  readonly failure?: JobFailure;
}

interface JobsParts {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly producer: Producer;
  /** Factor on the time that jobs take; 0 is as fast as the media can be made. */
  readonly latency: number;
}

type Listener = (job: Job) => void;
/** Sends the callbacks of a job that ended. */
type CallBack = (job: Job) => Promise<void>;

const usualMs: Readonly<Record<Recipe['kind'], number>> = {
  picture: 400,
  vector: 300,
  upscale: 800,
  cutout: 400,
  video: 1200,
  clip: 1200,
  speech: 300,
  sound: 400,
  voice: 300,
  transcript: 200,
  answer: 150,
};

/** Jobs of all providers: kept as files, so that a sandbox that was killed finishes them when it is back. */
export class Jobs {
  private readonly jobs = new Map<string, Job>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly waiting = new Map<string, Listener[]>();
  private readonly callBacks = new Map<string, CallBack>();
  private stopped = false;

  constructor(private readonly parts: JobsParts) {
    mkdirSync(parts.folder, { recursive: true });
    for (const name of readdirSync(parts.folder).filter((file) => file.endsWith('.json'))) {
      const path = join(parts.folder, name);
      const job = JSON.parse(readFileSync(path, 'utf8')) as Job;
      if ((job.finishedAt ?? Date.now()) < Date.now() - keptMs) rmSync(path);
      else this.jobs.set(job.id, job);
    }
  }

  /** Takes up what a killed sandbox left open; to be called once all `onClosed` are in place. */
  resume(): void {
    for (const job of this.jobs.values()) {
      if (job.state === 'open') this.start(job);
      else if (job.webhookUrl !== undefined && job.webhookSettled !== true) this.notify(job);
    }
  }

  /** Keeps the job and writes its ledger line, in that order: a line without a job would be a paid job lost. */
  async accept(
    draft: JobDraft,
    facts: { receivedAt: string; headers: Record<string, string> },
    fate: JobFate,
  ): Promise<Job> {
    const now = Date.now();
    const usual = Math.max(0, ...draft.recipes.map((recipe) => usualMs[recipe.kind])) * this.parts.latency;
    const job: Job = {
      ...draft,
      requestHash: sha256(canonicalJson(draft.input)),
      createdAt: now,
      startsAt: now + usual / 4,
      readyAt: now + usual + (fate.delayMs ?? 0),
      neverFinishes: fate.neverFinishes ?? false,
      isHeld: fate.isHeld ?? false,
      failure: draft.failure ?? fate.failure,
      state: 'open',
      outputs: [],
    };
    this.jobs.set(job.id, job);
    this.save(job);
    await this.parts.ledger.append({
      ...this.line(job),
      ...facts,
      kind: 'submit',
      accepted: true,
      billed: false,
      status: 'accepted',
    });
    this.start(job);
    return job;
  }

  get(provider: string, id: string): Job | undefined {
    const job = this.jobs.get(id);
    return job?.provider === provider ? job : undefined;
  }

  all(): Job[] {
    return [...this.jobs.values()];
  }

  /** Resolves when the job has ended, well or badly. */
  async ended(job: Job): Promise<Job> {
    if (job.state !== 'open') return job;
    return new Promise((resolve) => this.waiting.set(job.id, [...(this.waiting.get(job.id) ?? []), resolve]));
  }

  async cancel(job: Job): Promise<boolean> {
    if (job.state !== 'open') return false;
    await this.close(job, 'canceled');
    return true;
  }

  /** One listener per provider, told of each job that ends and has a callback URL. */
  onClosed(provider: string, callBack: CallBack): void {
    this.callBacks.set(provider, callBack);
  }

  /** Lets go on what the fault plan before has held. */
  release(): void {
    for (const job of this.jobs.values()) {
      if (!job.isHeld) continue;
      job.isHeld = false;
      this.save(job);
      if (job.state === 'open') this.start(job);
    }
  }

  settleWebhook(job: Job): void {
    job.webhookSettled = true;
    this.save(job);
  }

  stop(): void {
    this.stopped = true;
    this.timers.forEach((timer) => clearTimeout(timer));
  }

  private start(job: Job): void {
    if (job.neverFinishes || job.isHeld) return;
    const fate = job.failure;
    const made = fate === undefined ? this.produce(job) : Promise.resolve();
    void Promise.all([made, this.until(job.readyAt)]).then(() => {
      if (job.state !== 'open' || this.stopped) return;
      return this.close(job, job.failure === undefined ? 'succeeded' : 'failed');
    });
  }

  private async produce(job: Job): Promise<void> {
    try {
      job.outputs = await Promise.all(job.recipes.map((recipe) => this.parts.producer.make(recipe)));
    } catch (error) {
      const message = error instanceof Error ? error.message : 'unknown reason';
      job.failure =
        error instanceof SourceError
          ? { kind: 'source', message, details: { source: error.source, reason: error.reason } }
          : { kind: 'failed', message };
    }
  }

  private until(time: number): Promise<void> {
    const waitMs = time - Date.now();
    if (waitMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, waitMs);
      this.timers.add(timer);
    });
  }

  private async close(job: Job, state: 'succeeded' | 'failed' | 'canceled'): Promise<void> {
    if (job.state !== 'open') return;
    job.state = state;
    job.finishedAt = Date.now();
    // They may hold whole pictures, and nobody needs them again.
    job.recipes = [];
    await this.writeClosingLine(job);
    this.save(job);
    this.waiting.get(job.id)?.forEach((listener) => listener(job));
    this.waiting.delete(job.id);
    this.notify(job);
  }

  private async writeClosingLine(job: Job): Promise<void> {
    if (this.parts.ledger.hasClosed(job.id)) return;
    const billed = job.state === 'succeeded';
    await this.parts.ledger.append({
      ...this.line(job),
      receivedAt: new Date(job.finishedAt ?? Date.now()).toISOString(),
      kind: job.state === 'canceled' ? 'cancel' : 'finish',
      billed,
      ...(billed
        ? {
            priceUsd: job.priceUsd,
            outputSha256: job.outputs[0]?.sha256,
            outputs: job.outputs.map((file) => file.sha256),
          }
        : {}),
      status: job.failure?.kind ?? job.state,
    });
  }

  private line(job: Job) {
    const { id: jobId, provider, model, requestHash, webhookUrl, prompt } = job;
    return { provider, model, jobId, requestHash, webhookUrl, prompt: ledgerText(prompt) };
  }

  private notify(job: Job): void {
    if (job.webhookUrl === undefined || this.stopped) return;
    this.callBacks
      .get(job.provider)?.(job)
      .catch((error: unknown) =>
        console.error(`sandbox: the callback of job ${job.id} could not be sent:`, error),
      );
  }

  private save(job: Job): void {
    writeWhole(join(this.parts.folder, `${job.id}.json`), JSON.stringify(job));
  }
}
