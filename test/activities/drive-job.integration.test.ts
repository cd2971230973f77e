import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import type { ActivityDependencies } from '../../activities/dependencies';
import { resolveRequest } from '../../activities/resolve-request';
import { submitJob } from '../../activities/submit-job';
import { awaitJob } from '../../activities/await-job';
import { callbackToken } from '../../store/database/callback-token';
import { callbacks } from '../../store/database/callbacks';
import { openDatabase, type Database } from '../../store/database/database';
import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import type { Job } from '../../store/database/jobs/job';
import { armFailpoints } from '../../store/failpoints';
import type { JobInput, SubmitJobResult } from '../../workflows/contract';
import { openTestStore } from '../support/test-database';
import { aJobRequest, anExecution, RUN, type TestExecution } from '../store/database/builders';
import {
  aJobInput,
  anEnvironment,
  fakeDependencies,
  FakeProvider,
  providerError,
  theBreakers,
} from './fake-provider';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());
afterEach(() => {
  jest.restoreAllMocks();
});

/** Circuits of one worker alone: they do not stay open for the tests that follow. */
const awayDatabase = openDatabase('postgres://nobody@127.0.0.1:1/none');
afterAll(() => awayDatabase.close());

/** Each wait takes an hour, by the clock that counts: past every lease and every request's time limit. */
const LATER = {
  sleep: async () => {
    await sql`update jobs set lease_until = lease_until - interval '1 hour'`.execute(database.queries);
  },
};
const RISK_NOTHING = {
  secret: 'a-secret-of-thirty-two-characters',
  localUrl: 'http://127.0.0.1:1',
  resubmitBelowCredits: 10,
  webhookRetrySeconds: [0],
  webhookTimeoutMs: 1_000,
  workFolder: '/nowhere',
};

interface Setting {
  readonly execution: TestExecution;
  readonly fake: FakeProvider;
  readonly submit: (options?: {
    readonly deps?: Partial<ActivityDependencies>;
    readonly input?: Partial<JobInput>;
    readonly runId?: string;
    readonly attempt?: number;
  }) => Promise<SubmitJobResult>;
  readonly jobs: () => Promise<readonly Job[]>;
}

async function aSetting(
  fake = new FakeProvider(),
  changes: Parameters<typeof anExecution>[1] = {},
): Promise<Setting> {
  const execution = await anExecution(database, changes);
  return {
    execution,
    fake,
    submit: ({ deps, input, runId, attempt } = {}) =>
      anEnvironment(runId, attempt).run(
        submitJob,
        fakeDependencies(database, fake, deps),
        aJobInput(execution, input),
      ),
    jobs: () => jobs.ofExecution(database, execution.id),
  };
}

/** The worker died after the provider got the job: its claim has ended, and nobody knows what became of the send. */
async function dieAfterSend({ execution, fake }: Setting): Promise<void> {
  const input = aJobInput(execution);
  const { requestHash } = await resolveRequest(input, () => Promise.resolve(''));
  await execution.write(async (writer) => {
    const { model } = input.candidate;
    const { job } = await writer.openJob(
      aJobRequest({ model, requestHash, callbackSecret: RISK_NOTHING.secret }),
    );
    await writer.claimJob(job.id, { leaseMs: -1_000 });
    fake.sends.push({ model, input: {}, files: [], idempotencyKey: job.id });
  });
}

describe('a job', () => {
  it('is sent once by ten concurrent activities, and all get the same one', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    const results = await Promise.all(Array.from({ length: 10 }, () => submit()));
    const [job] = await all();
    expect(fake.sends).toHaveLength(1);
    expect(new Set(results.map((result) => JSON.stringify({ ...result, attempts: 0 })))).toEqual(
      new Set([JSON.stringify({ status: 'accepted', jobId: job?.id, attempts: 0 })]),
    );
    expect(job).toMatchObject({ state: 'ACCEPTED', providerHandle: { providerJobId: 'p1' }, generation: 1 });
  });

  it('has its intent committed before it is sent, under the key that is sent', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    let seen: readonly Job[] = [];
    fake.answer = async () => {
      seen = await all();
      return { providerJobId: 'p1' };
    };
    await submit();
    expect(seen).toMatchObject([{ state: 'SUBMITTING', priceReserved: 30 }]);
    expect(fake.sends[0]?.idempotencyKey).toBe(seen[0]?.id);
  });

  it('whose claim was committed but never answered is sent at once, by its own claimer', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'everframe-failpoints-'));
    armFailpoints({ EVERFRAME_FAILPOINTS: folder });
    writeFileSync(join(folder, 'intent.after_commit'), 'lose_reply');
    const { submit, fake, jobs: all } = await aSetting();
    expect(await submit()).toMatchObject({ status: 'accepted' });
    expect(readdirSync(folder)).toEqual(['intent.after_commit.hit']);
    rmSync(folder, { recursive: true });
    expect(fake.sends).toHaveLength(1);
    expect(await all()).toMatchObject([{ state: 'ACCEPTED', generation: 1 }]);
  });

  it('is adopted by the next Temporal run', async () => {
    const { submit, fake, execution } = await aSetting();
    const first = await submit();
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume());
    expect(await submit({ runId: 'run-2' })).toEqual({ ...first, attempts: 0 });
    expect(fake.sends).toHaveLength(1);
  });

  it('is not sent when the lease ended before the first byte, and is tried again', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.beforeFetch = () => {
      const late = performance.now() + 11_000;
      jest.spyOn(performance, 'now').mockReturnValue(late);
    };
    await expect(submit()).rejects.toMatchObject({
      type: 'ProviderUnavailable',
      options: { retryAfterMs: 100 },
    });
    expect(fake.sends).toHaveLength(0);
    expect(await all()).toMatchObject([{ state: 'INTENT' }]);
    jest.restoreAllMocks();
    fake.beforeFetch = () => undefined;
    await submit({ attempt: 2 });
    expect(fake.sends).toHaveLength(1);
  });

  it('is not sent once the run is cancelled', async () => {
    const { fake, execution, jobs: all } = await aSetting();
    const environment = anEnvironment();
    environment.cancel();
    const submitted = environment.run(submitJob, fakeDependencies(database, fake), aJobInput(execution));
    await expect(submitted).rejects.toThrow();
    expect(fake.sends).toHaveLength(0);
    expect(await all()).toEqual([]);
  });

  it('that the budget does not cover is not sent', async () => {
    const {
      submit,
      fake,
      jobs: all,
    } = await aSetting(undefined, {
      budgetCredits: 20,
      hold: { minCredits: 0, maxCredits: 20 },
    });
    await expect(submit()).rejects.toMatchObject({ type: 'BudgetReached' });
    expect(fake.sends).toHaveLength(0);
    expect(await all()).toEqual([]);
  });
});

describe('a job that was rejected', () => {
  it('is tried again as long as there are attempts, counted by the database, then is REJECTED', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.answer = () => Promise.reject(providerError('unavailable'));
    const isTriedAgain = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const failure: unknown = await submit({ attempt }).catch((error: unknown) => error);
      isTriedAgain.push(failure);
    }
    expect(isTriedAgain).toMatchObject([
      { type: 'ProviderUnavailable', options: { retryAfterMs: 1_000 } },
      { type: 'ProviderUnavailable', options: { retryAfterMs: 2_000 } },
      { type: 'ProviderUnavailable', options: { retryAfterMs: undefined } },
    ]);
    expect(await all()).toMatchObject([{ state: 'REJECTED', generation: 1 }]);
  });

  it('by a provider whose circuit it opened is left to the next candidate at once', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    const breakers = theBreakers(awayDatabase, { volumeThreshold: 1, resetTimeoutMs: 60_000 });
    fake.answer = () => Promise.reject(providerError('unavailable'));
    const failure: unknown = await submit({ deps: { breakers } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'CircuitOpen' });
    expect(failure).not.toHaveProperty('options.retryAfterMs');
    expect(await all()).toMatchObject([{ state: 'REJECTED', failure: { code: 'circuit_open' } }]);
    breakers.shutdown();
  });

  it('is not sent again by a retry in the same Temporal run whose worker died before it could tell', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.answer = () => Promise.reject(providerError('refused'));
    await expect(submit()).rejects.toMatchObject({ type: 'ContentRefused' });
    await expect(submit({ attempt: 2 })).rejects.toMatchObject({
      type: 'ContentRefused',
      message: 'Fake is refused.',
    });
    expect(fake.sends).toHaveLength(1);
    expect(await all()).toHaveLength(1);
  });

  it('is sent again, as a new generation, after a resume', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    fake.answer = () => Promise.reject(providerError('refused'));
    await expect(submit()).rejects.toMatchObject({ type: 'ContentRefused' });
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume());
    fake.answer = async () => ({ providerJobId: 'p2' });
    await submit({ runId: 'run-2' });
    expect(await all()).toMatchObject([
      { state: 'REJECTED' },
      { state: 'ACCEPTED', generation: 2, generationReason: 'definite_failure', possibleDuplicate: false },
    ]);
  });
});

/** The user has looked at what is there, and says to send it again. */
async function aWord(all: Setting['jobs']): Promise<Partial<JobInput>> {
  const left = (await all()).at(-1);
  const resumedAtMs = (left?.createdAt.getTime() ?? 0) + 1;
  while (Date.now() <= resumedAtMs) await nextTurn();
  return { resubmitUnknown: true, resumedAtMs };
}

describe('a send of unknown fate at a provider without keys', () => {
  const ambiguous = () => Promise.reject(providerError('ambiguous'));

  it('is not repeated when it is dear: the node waits for a decision', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.answer = ambiguous;
    const deps = { ...LATER, settings: RISK_NOTHING };
    await expect(submit({ deps })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    await expect(submit({ deps, attempt: 2 })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(fake.sends).toHaveLength(1);
    expect(await all()).toMatchObject([{ state: 'UNKNOWN' }]);
  });

  it('is repeated once when it is cheap, flagged as a possible duplicate', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.answer = (nth) => (nth === 1 ? ambiguous() : Promise.resolve({ providerJobId: 'p2' }));
    await submit({ deps: LATER });
    expect(fake.sends).toHaveLength(2);
    expect(await all()).toMatchObject([
      { state: 'SUPERSEDED', possibleDuplicate: false },
      { state: 'ACCEPTED', generationReason: 'policy', possibleDuplicate: true },
    ]);
  });

  it('is repeated no second time', async () => {
    const { submit, fake } = await aSetting();
    fake.answer = ambiguous;
    await expect(submit({ deps: LATER })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(fake.sends).toHaveLength(2);
  });

  it.each(['request_rejected', 'unavailable', 'refused'] as const)(
    'leads to no other candidate when its repeat is answered "%s", and is not sent again without the user’s word',
    async (kind) => {
      const { submit, fake, execution, jobs: all } = await aSetting();
      fake.answer = (nth) => (nth === 1 ? ambiguous() : Promise.reject(providerError(kind)));
      const oneTry = { attemptsMax: 1 };
      const failure = {
        type: 'SubmissionUnknown',
        options: expect.not.objectContaining({ retryAfterMs: expect.any(Number) }),
      };
      await expect(submit({ deps: LATER, input: oneTry })).rejects.toMatchObject(failure);
      await expect(submit({ deps: LATER, input: oneTry, attempt: 2 })).rejects.toMatchObject(failure);
      expect(await all()).toMatchObject([{ state: 'SUPERSEDED' }, { state: 'REJECTED' }]);
      await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
      await executions.prepareResume(database, execution.aResume());
      await expect(submit({ deps: LATER, runId: 'run-2' })).rejects.toMatchObject(failure);
      expect(fake.sends).toHaveLength(2);
      fake.answer = async () => ({ providerJobId: 'p3' });
      await submit({ deps: LATER, runId: 'run-2', input: await aWord(all) });
      expect(await all()).toMatchObject([{}, {}, { generationReason: 'user', possibleDuplicate: true }]);
    },
  );

  it('leads to no other candidate when its repeat was accepted and failed', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    fake.answer = (nth) => (nth === 1 ? ambiguous() : Promise.resolve({ providerJobId: 'p2' }));
    const result = await submit({ deps: LATER });
    fake.check = () => Promise.reject(providerError('job_failed'));
    const jobId = result.status === 'accepted' ? result.jobId : '';
    const waited = anEnvironment().run(awaitJob, fakeDependencies(database, fake), {
      ...aJobInput(execution),
      jobId,
    });
    await expect(waited).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(await all()).toMatchObject([{ state: 'SUPERSEDED' }, { state: 'FAILED' }]);
  });

  it('is decided by the clock that gave the lease, not by the worker’s', async () => {
    const { submit, fake } = await aSetting();
    fake.answer = ambiguous;
    let waits = 0;
    const sleep = async () => {
      waits += 1;
      if (waits > 3) throw new Error('It goes on waiting.');
    };
    const ahead = { sleep, now: () => Date.now() + 3_600_000 };
    await expect(submit({ deps: ahead })).rejects.toThrow('It goes on waiting.');
    expect(fake.sends).toHaveLength(1);
  });

  it('is repeated by a later Temporal run when the user says so, once', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    fake.answer = ambiguous;
    const deps = { ...LATER, settings: RISK_NOTHING };
    await expect(submit({ deps })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume());
    const input = await aWord(all);
    await expect(submit({ deps, runId: 'run-2', input })).rejects.toMatchObject({
      type: 'SubmissionUnknown',
    });
    // An operator's reset gives the same input to one more run: the word was not for the second job.
    const reset = { executionId: execution.id, fromRunId: 'run-2', toRunId: 'run-3' };
    expect(await executions.takeOver(database, reset)).toBe(true);
    await expect(submit({ deps, runId: 'run-3', input })).rejects.toMatchObject({
      type: 'SubmissionUnknown',
    });
    expect(fake.sends).toHaveLength(2);
    expect(await all()).toMatchObject([
      { state: 'SUPERSEDED' },
      { state: 'UNKNOWN', generationReason: 'user', possibleDuplicate: true },
    ]);
  });

  it('is repeated within its own run after a resume of it, for what was sent before and for nothing else', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.answer = ambiguous;
    const deps = { ...LATER, settings: RISK_NOTHING };
    await expect(submit({ deps })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    const input = await aWord(all);
    // The second one has an unknown fate as well: the word was not for it.
    await expect(submit({ deps, input })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    await expect(submit({ deps, input })).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(fake.sends).toHaveLength(2);
  });

  it('is adopted when its callback comes', async () => {
    const setting = await aSetting();
    await dieAfterSend(setting);
    const [left] = await setting.jobs();
    const token = callbackToken('a-secret-of-thirty-two-characters', left?.id ?? '');
    await callbacks.put(database, { token, headers: {}, body: Buffer.from('{}') });
    setting.fake.callbackJobId = 'p-of-callback';
    expect(await setting.submit({ attempt: 2 })).toMatchObject({ status: 'accepted', jobId: left?.id });
    expect(setting.fake.sends).toHaveLength(1);
    expect(await setting.jobs()).toMatchObject([
      { state: 'ACCEPTED', providerHandle: { providerJobId: 'p-of-callback' } },
    ]);
  });

  it('leads to no other candidate because of an open circuit', async () => {
    const setting = await aSetting();
    await dieAfterSend(setting);
    const breakers = theBreakers(awayDatabase, { volumeThreshold: 1, resetTimeoutMs: 60_000 });
    await breakers
      .fire('fal/fal-ai/flux-2-pro/key-1/test', () => Promise.reject(providerError('unavailable')))
      .catch(() => undefined);
    await expect(setting.submit({ deps: { ...LATER, breakers }, attempt: 2 })).rejects.toMatchObject({
      type: 'SubmissionUnknown',
    });
    // Nothing was sent before: then the circuit alone decides.
    const fresh = await aSetting();
    await expect(fresh.submit({ deps: { breakers } })).rejects.toMatchObject({ type: 'CircuitOpen' });
    expect(await fresh.jobs()).toEqual([]);
    breakers.shutdown();
  });

  it('does not keep a cancelled run waiting', async () => {
    const setting = await aSetting();
    await dieAfterSend(setting);
    const environment = anEnvironment();
    const submitted = environment.run(
      submitJob,
      fakeDependencies(database, setting.fake),
      aJobInput(setting.execution),
    );
    setImmediate(() => environment.cancel());
    await expect(submitted).rejects.toThrow();
    expect(setting.fake.sends).toHaveLength(1);
  });
});

describe('a send of unknown fate at a provider with idempotency keys', () => {
  it('is repeated under the same key', async () => {
    const setting = await aSetting(new FakeProvider('idempotent'));
    await dieAfterSend(setting);
    await setting.submit({ attempt: 2 });
    const [first, second] = setting.fake.sends;
    expect(setting.fake.sends).toHaveLength(2);
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey);
    expect(await setting.jobs()).toMatchObject([
      { state: 'ACCEPTED', generation: 1, possibleDuplicate: false },
    ]);
  });

  it('stays unknown when the repeat is rejected, since the first one may have been accepted', async () => {
    const setting = await aSetting(new FakeProvider('idempotent'));
    await dieAfterSend(setting);
    setting.fake.answer = () => Promise.reject(providerError('request_rejected'));
    await expect(setting.submit({ attempt: 2 })).rejects.toMatchObject({
      type: 'SubmissionUnknown',
      options: { retryAfterMs: 2_000 },
    });
    expect(await setting.jobs()).toMatchObject([{ state: 'UNKNOWN' }]);
  });
});

describe('a send of unknown fate at a provider that is asked for it', () => {
  it('is not repeated while what was sent may still arrive: absent now is not absent for good', async () => {
    const { submit, fake, jobs: all } = await aSetting(new FakeProvider('lookup'));
    fake.answer = () => Promise.reject(providerError('ambiguous'));
    let looks = 0;
    fake.lookup = async () => {
      looks += 1;
      return looks < 4 ? undefined : { providerJobId: 'p1' };
    };
    expect(await submit()).toMatchObject({ status: 'accepted' });
    expect([fake.sends.length, looks]).toEqual([1, 4]);
    expect(await all()).toMatchObject([{ state: 'ACCEPTED', providerHandle: { providerJobId: 'p1' } }]);
  });

  it('is repeated once it can arrive no more', async () => {
    const { submit, fake } = await aSetting(new FakeProvider('lookup'));
    fake.answer = (nth) =>
      nth === 1 ? Promise.reject(providerError('ambiguous')) : Promise.resolve({ providerJobId: 'p2' });
    fake.lookup = async () => undefined;
    expect(await submit({ deps: LATER })).toMatchObject({ status: 'accepted' });
    expect(fake.sends).toHaveLength(2);
  });
});

describe('a job that has failed for good', () => {
  it('is not sent again by its run, until the user resumes it', async () => {
    const { submit, fake, jobs: all } = await aSetting();
    fake.answer = () => Promise.reject(providerError('request_rejected'));
    await expect(submit()).rejects.toMatchObject({ type: 'ProviderRequestRejected' });
    await expect(submit({ attempt: 2 })).rejects.toMatchObject({ type: 'ProviderRequestRejected' });
    expect(fake.sends).toHaveLength(1);
    fake.answer = async () => ({ providerJobId: 'p2' });
    const [failed] = await all();
    const resumedAtMs = (failed?.createdAt.getTime() ?? 0) + 1;
    expect(await submit({ input: { resumedAtMs } })).toMatchObject({ status: 'accepted' });
    expect(await all()).toMatchObject([{ state: 'REJECTED' }, { state: 'ACCEPTED', generation: 2 }]);
  });
});

describe('the answer of a provider', () => {
  it('is on record although another Temporal run has taken over during the send', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    fake.answer = async () => {
      await executions.takeOver(database, { executionId: execution.id, fromRunId: RUN, toRunId: 'run-2' });
      return { providerJobId: 'p1' };
    };
    const submitted = await submit({ deps: { latestRunId: async () => 'run-2' } });
    expect(await all()).toMatchObject([{ state: 'ACCEPTED', providerHandle: { providerJobId: 'p1' } }]);
    expect(await submit({ runId: 'run-2' })).toEqual({ ...submitted, attempts: 0 });
    expect(fake.sends).toHaveLength(1);
  });

  it('that comes when the job was sent again and accepted elsewhere stops the surplus job, and shows it', async () => {
    const setting = await aSetting(new FakeProvider('lookup'));
    const { submit, fake, execution, jobs: all } = setting;
    fake.lookup = async () => undefined;
    fake.answer = async (nth) => {
      // The first sender is stopped while its answer comes; another attempt proves the job absent and sends it again.
      if (nth === 1) await submit({ deps: LATER });
      return { providerJobId: `p${nth}` };
    };
    await expect(submit()).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(fake.cancelled).toEqual(['p1']);
    const [job] = await all();
    expect(job).toMatchObject({ state: 'ACCEPTED', providerHandle: { providerJobId: 'p2' } });
    expect(job?.possibleDuplicate).toBe(true);
    expect(await execution.node('n1')).toMatchObject({ possibleDuplicate: true });
    expect(await submit()).toMatchObject({ status: 'accepted', jobId: job?.id });
  });

  it.each(['idempotent', 'lookup'] as const)(
    'that comes late, while another attempt sends the job again (%s), is on record, and its job goes on',
    async (submitSafety) => {
      const { submit, fake, jobs: all } = await aSetting(new FakeProvider(submitSafety));
      fake.lookup = async () => undefined;
      const events = new EventEmitter();
      const sentAgain = once(events, 'sent again');
      const recorded = once(events, 'recorded');
      let second: Promise<SubmitJobResult> | undefined;
      fake.answer = async (nth) => {
        if (nth === 1) {
          // The first sender is stopped until the other attempt has sent, and is heard first all the same.
          second = submit({ deps: LATER });
          await sentAgain;
          return { providerJobId: 'p1' };
        }
        events.emit('sent again');
        await recorded;
        return { providerJobId: submitSafety === 'idempotent' ? 'p1' : 'p2' };
      };
      expect(await submit()).toMatchObject({ status: 'accepted' });
      events.emit('recorded');
      await Promise.allSettled([second]);
      expect(fake.cancelled).toEqual(submitSafety === 'idempotent' ? [] : ['p2']);
      expect(await all()).toMatchObject([
        {
          state: 'ACCEPTED',
          providerHandle: { providerJobId: 'p1' },
          possibleDuplicate: submitSafety !== 'idempotent',
        },
      ]);
    },
  );

  it('that comes after its own callback is not surplus, though the callback knew less of it', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    fake.answer = async () => {
      const [job] = await all();
      await execution.write((writer) => writer.adoptJob(job?.id ?? '', { providerJobId: 'p1' }));
      return { providerJobId: 'p1', statusUrl: 'https://fake.invalid/p1' };
    };
    expect(await submit()).toMatchObject({ status: 'accepted' });
    expect(fake.cancelled).toEqual([]);
    expect((await all())[0]).toMatchObject({ state: 'ACCEPTED', possibleDuplicate: false });
  });

  it('for a job that was given up meanwhile stops that job at the provider', async () => {
    const setting = await aSetting();
    const { submit, fake } = setting;
    fake.answer = async () => {
      const { model } = aJobInput(setting.execution).candidate;
      await setting.execution.write((writer) =>
        writer.openJob(aJobRequest({ model, requestHash: 'of-an-edited-node' })),
      );
      return { providerJobId: 'p1' };
    };
    await expect(submit()).rejects.toMatchObject({ type: 'SubmissionUnknown' });
    expect(fake.cancelled).toEqual(['p1']);
    expect((await setting.jobs())[0]).toMatchObject({ state: 'SUPERSEDED' });
  });
});

describe('a job that was sent with a change of its node', () => {
  const posted = { change: { number: 0, of: 1 } };
  const changed = { change: { number: 1, of: 1 }, config: { prompt: 'a tame boat' } };

  it('is where a later Temporal run goes on: it is neither given up nor bought again', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    fake.answer = (nth) =>
      nth === 1 ? Promise.reject(providerError('refused')) : Promise.resolve({ providerJobId: 'p2' });
    await expect(submit({ input: posted })).rejects.toMatchObject({ type: 'ContentRefused' });
    const sent = await submit({ input: changed });
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume());
    expect(await submit({ runId: 'run-2', input: posted })).toEqual({ status: 'changed', changeNumber: 1 });
    expect(await submit({ runId: 'run-2', input: changed })).toEqual({ ...sent, attempts: 0 });
    expect(fake.sends).toHaveLength(2);
    expect(await all()).toMatchObject([
      { state: 'REJECTED', changeNumber: 0 },
      { state: 'ACCEPTED', changeNumber: 1, generationReason: 'changed' },
    ]);
  });

  it('gives way when the node was edited since', async () => {
    const { submit, fake, execution, jobs: all } = await aSetting();
    await submit({ input: changed });
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume());
    const edited = { ...posted, nodeKey: 'key-of-the-edited-node' };
    expect(await submit({ runId: 'run-2', input: edited })).toMatchObject({ status: 'accepted' });
    expect(await all()).toMatchObject([{ state: 'SUPERSEDED' }, { state: 'ACCEPTED' }]);
    expect(fake.cancelled).toEqual(['p1']);
  });
});
