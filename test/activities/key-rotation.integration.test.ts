import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { awaitJob } from '../../activities/await-job';
import { cancelJobs } from '../../activities/cancel-jobs';
import type { ActivityDependencies } from '../../activities/dependencies';
import type { ProviderErrorKind } from '../../activities/providers/provider-error';
import { resolveRequest } from '../../activities/resolve-request';
import { submitJob } from '../../activities/submit-job';
import type { Database } from '../../store/database/database';
import { executions } from '../../store/database/executions';
import { jobs } from '../../store/database/jobs';
import type { JobInput, SubmitJobResult } from '../../workflows/contract';
import { openTestStore } from '../support/test-database';
import { aJobRequest, anExecution } from '../store/database/builders';
import {
  aJobInput,
  anEnvironment,
  fakeDependencies,
  FakeProvider,
  providerError,
  theRests,
} from './fake-provider';

let database: Database;
beforeAll(async () => {
  database = await openTestStore({ poolMax: 20 });
});
afterAll(() => database.close());

let made = 0;
const someKeys = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, nth) => `key-${(made += 1)}-${nth + 1}`);

type SubmitOptions = {
  readonly attempt?: number;
  readonly runId?: string;
  readonly input?: Partial<JobInput>;
  readonly deps?: Partial<ActivityDependencies>;
};

/** A provider with that many keys, asked by one worker. */
async function aProvider(count: number, fake = new FakeProvider()) {
  const keys = someKeys(count);
  fake.keys = keys;
  const rests = theRests(database);
  const dependencies = (changes: Partial<ActivityDependencies> = {}) =>
    fakeDependencies(database, fake, { rests, ...changes });
  const anotherNode = async () => {
    const execution = await anExecution(database);
    const submit = ({ attempt, runId, input, deps }: SubmitOptions = {}): Promise<SubmitJobResult> =>
      anEnvironment(runId, attempt).run(submitJob, dependencies(deps), aJobInput(execution, input));
    return { execution, submit, jobs: () => jobs.ofExecution(database, execution.id) };
  };
  return { fake, keys, dependencies, anotherNode, ...(await anotherNode()) };
}

/** The provider turns these keys down in this way; it takes every other one. */
function turnDown(
  fake: FakeProvider,
  keys: readonly (string | undefined)[],
  kind: ProviderErrorKind,
  facts: Parameters<typeof providerError>[1] = {},
): void {
  fake.answer = (nth) =>
    keys.includes(fake.sentUnder.at(-1))
      ? Promise.reject(providerError(kind, facts))
      : Promise.resolve({ providerJobId: `p${nth}` });
}

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('a key that a provider turns down', () => {
  it.each([
    ['rate_limited', { retryAfterMs: 30_000 }],
    ['authentication', { httpStatus: 401 }],
    ['billing', { httpStatus: 402 }],
  ] as const)('as %s rests, and the same job goes out at once under the next one', async (kind, facts) => {
    const { fake, keys, submit, jobs: all, anotherNode } = await aProvider(2);
    turnDown(fake, [keys[0]], kind, facts);
    expect(await caught(submit())).toMatchObject({ options: { retryAfterMs: 100 } });
    expect(await submit({ attempt: 2 })).toMatchObject({ status: 'accepted' });
    expect(await all()).toMatchObject([{ state: 'ACCEPTED', generation: 1, credentialId: keys[1] }]);
    const other = await anotherNode();
    await other.submit();
    expect(fake.sentUnder).toEqual([keys[0], keys[1], keys[1]]);
  });

  it('is used again once its rest is over', async () => {
    const { fake, keys, submit, anotherNode } = await aProvider(2);
    turnDown(fake, [keys[0]], 'rate_limited', { retryAfterMs: 50 });
    await caught(submit());
    const other = await anotherNode();
    do await caught(other.submit({ input: { step: `n${fake.sends.length}` } }));
    while (fake.sentUnder.at(-1) !== keys[0]);
    expect(fake.sentUnder.filter((key) => key === keys[0]).length).toBeGreaterThan(1);
  });

  it('rests for every worker', async () => {
    const { fake, keys, submit, anotherNode } = await aProvider(2);
    turnDown(fake, [keys[0]], 'rate_limited', { retryAfterMs: 30_000 });
    await caught(submit());
    const rests = theRests(database);
    const key = { provider: 'fal', credentialId: keys[0] ?? '', mode: 'test', model: 'any' } as const;
    while (!rests.restOf(key)) await rests.refresh();
    await (await anotherNode()).submit({ deps: { rests: theRests(database) } });
    expect(fake.sentUnder).toEqual([keys[0], keys[1]]);
  });

  it('is not waited for: one that has nearly used up its limit rests before that', async () => {
    const { fake, keys, submit, anotherNode } = await aProvider(2);
    fake.limitRestMs = 30_000;
    await submit();
    fake.limitRestMs = undefined;
    await (await anotherNode()).submit();
    expect(fake.sentUnder).toEqual([keys[0], keys[1]]);
  });

  it('as forbidden rests for that model alone', async () => {
    const { fake, keys, submit, dependencies } = await aProvider(2);
    turnDown(fake, [keys[0]], 'authentication', { httpStatus: 403 });
    await caught(submit());
    const { rests } = dependencies();
    await rests.refresh();
    const key = { provider: 'fal', credentialId: keys[0] ?? '', mode: 'test' } as const;
    expect(rests.restOf({ ...key, model: 'fal-ai/flux-2-pro' })).toMatchObject({ reason: 'authentication' });
    expect(rests.restOf({ ...key, model: 'another' })).toBeUndefined();
  });

  it('is given up after every key was asked once, with the provider’s own reason', async () => {
    const { fake, keys, submit, jobs: all } = await aProvider(5);
    turnDown(fake, keys, 'authentication', { httpStatus: 401 });
    let failure: unknown;
    for (const [nth] of keys.entries()) failure = await caught(submit({ attempt: nth + 1 }));
    expect(failure).toMatchObject({ type: 'ProviderAuthenticationFailed' });
    expect(failure).not.toMatchObject({ options: { retryAfterMs: expect.anything() } });
    expect(fake.sentUnder).toEqual(keys);
    expect(await all()).toMatchObject([{ state: 'REJECTED' }]);
  });
});

describe('the only key of a provider', () => {
  it('is tried as often as the node says when it is throttled without a time, each time after its rest', async () => {
    const { fake, keys, submit } = await aProvider(1);
    turnDown(fake, keys, 'rate_limited');
    const sendPolicy = () => ({ attemptsMax: 10, retryDelayMs: 1, keyRestMs: 60_000 });
    const first = await caught(submit({ deps: { sendPolicy } }));
    const { retryAfterMs = 0 } = (first as { options: { retryAfterMs?: number } }).options;
    // Its own pause would be one millisecond; the key rests for a second.
    expect(retryAfterMs).toBeGreaterThan(1);
  });
});

describe('a provider all of whose keys rest', () => {
  it('is waited for while they are only throttled, for as many attempts as the node has', async () => {
    const { fake, keys, submit, anotherNode } = await aProvider(2);
    turnDown(fake, keys, 'rate_limited', { retryAfterMs: 50_000 });
    await caught(submit());
    await caught(submit({ attempt: 2 }));
    const other = await anotherNode();
    const waits = await caught(other.submit());
    expect(waits).toMatchObject({ type: 'ProviderRateLimited' });
    const { retryAfterMs = 0 } = (waits as { options: { retryAfterMs?: number } }).options;
    expect(retryAfterMs).toBeGreaterThan(10_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    const goesOn = await caught(other.submit({ attempt: 3 }));
    expect(goesOn).toMatchObject({ type: 'CircuitOpen', options: { openForMs: expect.any(Number) } });
    expect(await other.jobs()).toEqual([]);
    expect(fake.sentUnder).toEqual([...keys]);
  });

  it('is left at once when they rest for longer than a minute', async () => {
    const { fake, keys, submit, anotherNode } = await aProvider(1);
    turnDown(fake, keys, 'rate_limited', { retryAfterMs: 600_000 });
    await caught(submit());
    const failure = await caught((await anotherNode()).submit());
    expect(failure).toMatchObject({ type: 'CircuitOpen' });
    const { openForMs } = (failure as { options: { openForMs: number } }).options;
    expect(openForMs).toBeGreaterThan(500_000);
  });

  it.each([
    ['authentication', 'ProviderAuthenticationFailed'],
    ['billing', 'ProviderBillingExhausted'],
  ] as const)('as %s is not asked, and fails as %s', async (kind, type) => {
    const { fake, keys, submit, anotherNode } = await aProvider(2);
    turnDown(fake, keys, kind);
    await caught(submit());
    await caught(submit({ attempt: 2 }));
    const other = await anotherNode();
    expect(await caught(other.submit())).toMatchObject({ type });
    expect(fake.sends).toHaveLength(2);
    expect(await other.jobs()).toEqual([]);
  });
});

describe('a job that was accepted under one key', () => {
  it('is asked for under that key, whichever comes first now', async () => {
    const { fake, keys, submit, execution, dependencies } = await aProvider(2);
    const submitted = await submit();
    const jobId = submitted.status === 'accepted' ? submitted.jobId : '';
    fake.keys = [...keys].reverse();
    const input = { ...aJobInput(execution), jobId };
    fake.check = () => Promise.reject(providerError('job_failed'));
    await caught(anEnvironment().run(awaitJob, dependencies(), input));
    expect(fake.askedUnder).toEqual([keys[0]]);
  });

  it('is cancelled under that key', async () => {
    const { fake, keys, submit, execution, dependencies } = await aProvider(2);
    await submit();
    fake.keys = [...keys].reverse();
    const { id: executionId, accountId } = execution;
    const scope = { executionId, accountId, mode: 'test' } as const;
    await anEnvironment().run(cancelJobs, dependencies(), scope);
    expect(fake.cancelled).toEqual(['p1']);
    expect(new Set(fake.askedUnder)).toEqual(new Set([keys[0]]));
  });

  it('waits for that key when it is set no more, says so, and asks under no other', async () => {
    const { fake, keys, submit, execution, dependencies } = await aProvider(2);
    const submitted = await submit();
    const jobId = submitted.status === 'accepted' ? submitted.jobId : '';
    fake.keys = keys.slice(1);
    const input = { ...aJobInput(execution), jobId };
    const failure = await caught(anEnvironment().run(awaitJob, dependencies(), input));
    expect(failure).toMatchObject({ type: 'CredentialMissing', options: { retryAfterMs: 10_000 } });
    expect((failure as Error).message).toContain(keys[0]);
    expect(fake.askedUnder).toEqual([]);
  });
});

describe('a send of unknown fate', () => {
  /** The worker died after the provider got the job, which it took under the first key. */
  async function dieAfterSend(setting: Awaited<ReturnType<typeof aProvider>>): Promise<void> {
    const { fake, keys, execution } = setting;
    const input = aJobInput(execution);
    const { requestHash } = await resolveRequest(input, () => Promise.resolve(''));
    await execution.write(async (writer) => {
      const { model } = input.candidate;
      const { job } = await writer.openJob(aJobRequest({ model, requestHash }));
      await writer.claimJob(job.id, { leaseMs: -3_600_000, credentialId: keys[0] ?? '' });
      fake.sends.push({ model, input: {}, files: [], idempotencyKey: job.id });
    });
  }

  it('is repeated under its own key, also when another one comes first', async () => {
    const setting = await aProvider(2, new FakeProvider('idempotent'));
    await dieAfterSend(setting);
    const { fake, keys, submit, jobs: all } = setting;
    fake.keys = [...keys].reverse();
    await submit({ attempt: 2 });
    expect(fake.sentUnder).toEqual([keys[0]]);
    expect(await all()).toMatchObject([{ state: 'ACCEPTED', credentialId: keys[0] }]);
  });

  it('is repeated under no other key when its own is gone, until the user gives it up', async () => {
    const setting = await aProvider(2, new FakeProvider('idempotent'));
    await dieAfterSend(setting);
    const { fake, keys, submit, execution } = setting;
    fake.keys = keys.slice(1);
    expect(await caught(submit({ attempt: 2 }))).toMatchObject({ type: 'CredentialMissing' });
    expect(fake.sentUnder).toEqual([]);
    await execution.write((writer) => writer.finish({ status: 'FAILED', nodes: [] }));
    await executions.prepareResume(database, execution.aResume());
    await submit({ runId: 'run-2', input: { resubmitUnknown: true, resumedAtMs: Date.now() + 1 } });
    expect(fake.sentUnder).toEqual([keys[1]]);
  });
});

describe('whatever a provider answers', () => {
  it('sends nothing under a key that rests', async () => {
    const kinds = fc.constantFrom('well', 'rate_limited', 'authentication', 'billing', 'unavailable');
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { minLength: 1, maxLength: 12 }), async (answers) => {
        const { fake, anotherNode } = await aProvider(3);
        const [resting, sentWhileResting] = [new Set<string>(), new Set<string>()];
        fake.answer = (nth) => {
          const key = fake.sentUnder.at(-1) ?? '';
          if (resting.has(key)) sentWhileResting.add(key);
          const kind = answers[nth - 1];
          if (kind === undefined || kind === 'well') return Promise.resolve({ providerJobId: `p${nth}` });
          if (kind !== 'unavailable') resting.add(key);
          return Promise.reject(providerError(kind, { retryAfterMs: 600_000 }));
        };
        const node = await anotherNode();
        for (const [nth] of answers.entries()) await caught(node.submit({ input: { step: `n${nth}` } }));
        expect([...sentWhileResting]).toEqual([]);
        expect(fake.sends.length).toBeGreaterThan(0);
      }),
      { numRuns: 15 },
    );
  });
});
