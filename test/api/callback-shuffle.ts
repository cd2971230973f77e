import { expect } from '@jest/globals';
import { sql } from 'kysely';
import type { ActivityDependencies } from '../../activities/dependencies';
import { awaitJob } from '../../activities/await-job';
import { cancelJobs } from '../../activities/cancel-jobs';
import { ProviderAccess } from '../../activities/provider-access';
import { settleJobs } from '../../activities/settle-jobs';
import { submitJob } from '../../activities/submit-job';
import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import type { SubmitJobResult } from '../../workflows/contract';
import { aJobInput, anEnvironment, fakeDependencies, FakeProvider } from '../activities/fake-provider';
import { guardedFetch } from '../activities/providers/a-provider-call';
import { anExecution, type TestExecution } from '../store/database/builders';
import { overrideTemporal } from './support/override-temporal';
import { SigningFal, type FalJob, type SignedCallback } from './support/signing-fal';
import { startTestApi, type TestApi } from './support/test-api';

const PRICE = 30;

/** How often each kind of thing has happened: a proof in which nothing happened proves nothing. */
export type Tally = Record<
  | 'genuine'
  | 'forged'
  | 'old'
  | 'repeated'
  | 'unknown'
  | 'early'
  | 'lost'
  | 'answerLost'
  | 'cancelled'
  | 'adopted',
  number
>;

/**
 * Sequences of callbacks for one job each, over real HTTP to the real API and store, read by the real adapter: genuine ones
 * up to ten times, forged ones, ones from outside the 300 s, repeats of old bytes, for an unknown job, before the submit's
 * answer, when that answer is lost, after a cancel, or none at all. Whatever the order: one job, one transition, one charge.
 */
export async function proveCallbacks(sequences: number, seed: number): Promise<Tally> {
  console.log(`Shuffled callbacks: ${sequences} sequences, seed ${seed}.`);
  const fal = await new SigningFal().listen();
  const api = await startTestApi({
    // Nobody works on these runs: there is nothing to wake.
    temporal: (real) => overrideTemporal(real, { completeAwait: () => Promise.resolve() }),
  });
  const tally: Tally = {
    ...{ genuine: 0, forged: 0, old: 0, repeated: 0, unknown: 0, early: 0, lost: 0 },
    ...{ answerLost: 0, cancelled: 0, adopted: 0 },
  };
  try {
    for (let number = 0; number < sequences; number += 1) {
      const random = randomOf(seed + number);
      await new Sequence(api, fal, random, tally, await anExecution(api.dependencies.database)).prove(
        seed + number,
      );
    }
    expect(fal.strangeIds).toEqual([]);
    return tally;
  } finally {
    await api.close();
    await fal.close();
  }
}

type Kind = 'genuine' | 'forged' | 'old' | 'unknown';

class Sequence {
  private readonly kinds: Kind[];
  private readonly sent: SignedCallback[] = [];
  private readonly losesAnswer: boolean;
  private readonly earlyCount: number;
  private readonly cancels: boolean;
  private job: FalJob | undefined;
  private clockMs = Date.now();

  constructor(
    private readonly api: TestApi,
    private readonly fal: SigningFal,
    private readonly random: () => number,
    private readonly tally: Tally,
    private readonly execution: TestExecution,
  ) {
    this.kinds = shuffle(random, this.chooseKinds());
    this.losesAnswer = random() < 0.4;
    this.earlyCount = random() < 0.3 ? Math.ceil(random() * this.kinds.length) : 0;
    this.cancels = random() < 0.25;
  }

  /** @param seed - Of this sequence alone, told when it fails. */
  async prove(seed: number): Promise<void> {
    try {
      const jobId = await this.submit();
      if (this.cancels) await this.cancel();
      else if (jobId !== undefined) await this.awaitEnd(jobId);
      while (this.kinds.length > 0) await this.deliverNext();
      for (const callback of this.sent) await this.post(callback, 'repeated');
      await this.settle();
      await this.expectOneTruth(jobId);
    } catch (error) {
      throw new Error(`Sequence with seed ${seed} failed.`, { cause: error });
    }
  }

  private chooseKinds(): Kind[] {
    const { random } = this;
    if (random() < 0.15) {
      this.tally.lost += 1;
      return [];
    }
    const times = (kind: Kind, most: number): Kind[] =>
      Array<Kind>(Math.floor(random() * (most + 1))).fill(kind);
    return [...times('genuine', 10), ...times('forged', 3), ...times('old', 3), ...times('unknown', 1)];
  }

  /** @returns undefined when nobody can tell whether it was accepted */
  private async submit(): Promise<string | undefined> {
    this.fal.onSubmit = async (job) => {
      this.job = job;
      if (this.random() < 0.5) job.state = 'succeeded';
      for (let early = 0; early < this.earlyCount; early += 1) {
        this.tally.early += 1;
        await this.deliverNext();
      }
      return !this.losesAnswer;
    };
    if (this.losesAnswer) this.tally.answerLost += 1;
    try {
      const submitted: SubmitJobResult = await anEnvironment().run(
        submitJob,
        this.deps(),
        aJobInput(this.execution),
      );
      if (this.losesAnswer) this.tally.adopted += 1;
      return submitted.status === 'accepted' ? submitted.jobId : undefined;
    } catch (error) {
      expect(error).toMatchObject({ type: 'SubmissionUnknown' });
      return undefined;
    }
  }

  private async awaitEnd(jobId: string): Promise<void> {
    for (;;) {
      try {
        const input = { ...aJobInput(this.execution), jobId };
        await anEnvironment().run(awaitJob, this.deps(), input);
        break;
      } catch (error) {
        expect(error).toMatchObject({ type: 'JobPending' });
        if (this.job) this.job.state = 'succeeded';
      }
    }
    await this.finish('COMPLETED');
  }

  private async cancel(): Promise<void> {
    this.tally.cancelled += 1;
    await anEnvironment(undefined, 4).run(cancelJobs, this.deps(), this.scope());
    await this.finish('CANCELLED');
  }

  private finish(status: 'COMPLETED' | 'CANCELLED'): Promise<unknown> {
    return this.execution.write((writer) => writer.finish({ status, nodes: [] }));
  }

  private async settle(): Promise<void> {
    if ((await this.execution.row()).status === 'RUNNING') await this.finish('CANCELLED');
    const { database } = this.api.dependencies;
    const isOwed = async () =>
      (await executions.unsettled(database, 1_000)).some(
        ({ executionId }) => executionId === this.execution.id,
      );
    while (await isOwed()) await anEnvironment('settling').run(settleJobs, this.deps(), this.scope());
  }

  private async expectOneTruth(jobId: string | undefined): Promise<void> {
    const { database } = this.api.dependencies;
    const [job, ...others] = await jobs.ofExecution(database, this.execution.id);
    expect(others).toEqual([]);
    expect(this.fal.jobs.filter(({ callbackUrl }) => callbackUrl === this.job?.callbackUrl)).toHaveLength(1);
    const isFound = jobId !== undefined || this.sent.some(({ body }) => this.isGenuine(body));
    if (isFound) expect(job?.providerHandle?.providerJobId).toBe(this.job?.requestId);
    else expect(job?.state).toBe('UNKNOWN');
    const charged = isFound && this.job?.state === 'succeeded' ? PRICE : 0;
    if (isFound) expect(job?.state).toBe(charged > 0 ? 'SETTLED' : 'CANCELLED');
    expect((await this.execution.view()).credits).toMatchObject({ held: 0, charged });
    expect(await this.execution.balance()).toEqual({ available: 1_000 - charged, held: 0 });
    const { rows } = await sql<{ count: number }>`
      select count(*)::int from credit_entries where job_id = ${job?.id} and kind = 'charge'`.execute(
      database.queries,
    );
    expect(rows[0]?.count).toBe(charged > 0 ? 1 : 0);
  }

  private readonly genuine = new Set<string>();

  private isGenuine(body: string): boolean {
    return this.genuine.has(body);
  }

  private async deliverNext(): Promise<void> {
    const kind = this.kinds.pop();
    const { job, fal, clockMs: nowMs } = this;
    if (!kind || !job) return;
    switch (kind) {
      case 'genuine': {
        const callback = fal.callback(job.requestId, { nowMs, ageSeconds: Math.floor(this.random() * 290) });
        this.genuine.add(callback.body);
        return this.post(callback, kind);
      }
      case 'forged':
        return this.post(fal.callback(`forged-${job.requestId}`, { nowMs, isForged: true }), kind);
      case 'old': {
        // What comes from the future grows old while the sequence goes on, some seconds of its clock.
        const [sign, least] = this.random() < 0.5 ? [1, 305] : [-1, 360];
        const ageSeconds = sign * (least + Math.floor(this.random() * 5_000));
        return this.post(fal.callback(`old-${job.requestId}`, { nowMs, ageSeconds }), kind);
      }
      case 'unknown': {
        this.tally.unknown += 1;
        const answer = await this.api.call('POST', '/api/v1/callbacks/of-no-job', { key: '', body: '{}' });
        expect(answer.status).toBe(404);
      }
    }
  }

  private async post(
    { headers, body }: SignedCallback,
    kind: 'genuine' | 'forged' | 'old' | 'repeated',
  ): Promise<void> {
    this.tally[kind] += 1;
    if (kind !== 'repeated') this.sent.push({ headers, body });
    const { pathname } = new URL(this.job?.callbackUrl ?? '');
    const answer = await this.api.call('POST', pathname, { key: '', body, headers });
    expect(answer.status).toBe(200);
  }

  private scope() {
    const { id: executionId, accountId } = this.execution;
    return { executionId, accountId, mode: 'test' } as const;
  }

  /** Each wait lets one callback in, and an hour pass once none is left. */
  private deps(): ActivityDependencies {
    const { database } = this.api.dependencies;
    const own = fakeDependencies(database, new FakeProvider());
    return {
      ...own,
      providerAccess: new ProviderAccess({
        ...{ environment: {}, sandboxUrl: this.fal.url, requestTimeoutMs: 5_000, guardedFetch },
        accountKeys: { of: async () => [] },
      }),
      settings: { ...own.settings, localUrl: this.api.url, resubmitBelowCredits: 0 },
      now: () => this.clockMs,
      sleep: async (milliseconds) => {
        this.clockMs += milliseconds;
        if (this.kinds.length > 0) await this.deliverNext();
        else
          await sql`update jobs set lease_until = lease_until - interval '1 hour'
            where execution_id = ${this.execution.id}`.execute(database.queries);
      },
    };
  }
}

function shuffle<T>(random: () => number, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ item }) => item);
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
