import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { CircuitBreakers } from '../../activities/circuit-breakers';
import { CredentialRests } from '../../activities/credential-rests';
import type { ActivityDependencies } from '../../activities/dependencies';
import type { ProviderReply } from '../../pipeline/node-definition';
import { ProviderAccess, type ProviderSession, type ProviderUse } from '../../activities/provider-access';
import type {
  JobCheck,
  OperationRequest,
  Provider,
  ProviderCall,
  QueueOperation,
} from '../../activities/providers/provider';
import { ProviderError, type ProviderErrorKind } from '../../activities/providers/provider-error';
import { createLocalAssetStore } from '../../store/assets/local-asset-store';
import { assets } from '../../store/database/assets';
import type { Database } from '../../store/database/database';
import type { JobInput } from '../../workflows/contract';
import { RUN, type TestExecution } from '../store/database/builders';
import { guardedFetch } from './providers/a-provider-call';

type Answer = (nth: number) => Promise<{ readonly providerJobId: string }>;

/** A provider with a ledger of what reached it; `answer` decides what the caller gets to know of it. */
export class FakeProvider {
  readonly sends: OperationRequest[] = [];
  readonly cancelled: string[] = [];
  answer: Answer = (nth) => Promise.resolve({ providerJobId: `p${nth}` });
  /** Runs before the socket is written to. */
  beforeFetch: () => void = () => undefined;
  /** A job goes on until it is cancelled. */
  check: (providerJobId: string) => Promise<JobCheck> = (id) =>
    this.cancelled.includes(id)
      ? Promise.reject(providerError('job_failed'))
      : Promise.resolve({ status: 'pending' });
  beforeCancel: (providerJobId: string) => Promise<void> = () => Promise.resolve();
  callbackJobId: string | undefined;
  /** What its answers say of the key's limit. */
  limitRestMs: number | undefined;
  /** In the order in which they are tried. */
  keys: readonly string[] = ['key-1'];
  /** Key of each send, in order. */
  readonly sentUnder: string[] = [];
  /** Key of each poll and cancel, in order. */
  readonly askedUnder: string[] = [];
  canCancel = true;
  lookup: QueueOperation['lookup'];
  /** Runs while a synchronous call is under way. */
  duringCall: () => Promise<void> = () => Promise.resolve();
  /** Where its files lie. */
  fileOrigin = 'https://fake.invalid';

  constructor(readonly submitSafety: Provider['submitSafety'] = 'none') {}

  /** In place of fal, whose models the node types name. */
  get provider(): Provider {
    return {
      id: 'fal',
      label: 'Fake',
      baseUrl: { variable: 'FAKE_BASE_URL', live: 'https://fake.invalid', sandboxPath: '/fake' },
      credentialVariable: 'FAKE_KEY',
      submitSafety: this.submitSafety,
      mediaWithoutUrl: 'data_uri',
      readLimitRestMs: () => this.limitRestMs,
      operations: {
        queue: {
          kind: 'queue',
          submit: async (request, call) => {
            this.beforeFetch();
            await call.fetch('https://fake.invalid/', {
              method: 'POST',
              timeoutMs: 1,
              signal: call.signal,
              maxBytes: 1,
            });
            this.sends.push(request);
            this.sentUnder.push(call.credential);
            return this.answer(this.sends.length);
          },
          check: (handle, call) => {
            this.askedUnder.push(call.credential);
            return this.check(handle.providerJobId);
          },
          ...(this.lookup && { lookup: this.lookup }),
          ...(this.canCancel && { cancel: (handle, call) => this.cancel(handle.providerJobId, call) }),
        },
        chat: { kind: 'sync', call: (request) => this.chat(request) },
      },
      readCallback: async () =>
        this.callbackJobId === undefined ? undefined : { providerJobId: this.callbackJobId },
    };
  }

  /** Its jobs have ended well, with a picture. */
  succeed(): void {
    const body = { images: [{ url: `${this.fileOrigin}/picture.png` }] };
    this.check = () => Promise.resolve({ status: 'succeeded', reply: { body } });
  }

  private async chat(request: OperationRequest): Promise<ProviderReply> {
    this.sends.push(request);
    await this.duringCall();
    return { body: { choices: [{ message: { content: 'a boat' } }] } };
  }

  private async cancel(providerJobId: string, call: ProviderCall): Promise<void> {
    this.askedUnder.push(call.credential);
    await this.beforeCancel(providerJobId);
    this.cancelled.push(providerJobId);
  }

  session(credentialId: string): ProviderSession {
    return {
      provider: this.provider,
      credentialId,
      mode: 'test',
      privateOrigins: [this.fileOrigin],
      call: (signal) => this.call(signal, credentialId),
    };
  }

  private call(signal: AbortSignal, credential: string): ProviderCall {
    return {
      mode: 'test',
      baseUrl: 'https://fake.invalid',
      extraUrls: {},
      credential,
      timeoutMs: 1_000,
      signal,
      fetch: async (_url, init) => {
        init.beforeSend?.();
        return { status: 200, headers: new Headers(), bytes: new Uint8Array() };
      },
    };
  }
}

class FakeAccess extends ProviderAccess {
  constructor(private readonly fake: FakeProvider) {
    const accountKeys = { of: async () => [] };
    const sandboxUrl = 'http://127.0.0.1:9';
    super({ environment: {}, sandboxUrl, requestTimeoutMs: 60_000, guardedFetch, accountKeys });
  }

  override async openAll(): Promise<readonly ProviderSession[]> {
    return this.fake.keys.map((key) => this.fake.session(key));
  }

  override async open(
    provider: string,
    use: ProviderUse,
    credentialId: string | null,
  ): Promise<ProviderSession> {
    const key = this.fake.keys.find((known) => credentialId === null || known === credentialId);
    return key === undefined ? super.open(provider, use, credentialId) : this.fake.session(key);
  }
}

export function providerError(
  kind: ProviderErrorKind,
  facts: { retryAfterMs?: number; httpStatus?: number; isOdd?: boolean; billed?: boolean } = {},
): ProviderError {
  return new ProviderError({ provider: 'fal', kind, message: `Fake is ${kind}.`, ...facts });
}

export function theRests(database: Database): CredentialRests {
  return new CredentialRests({ database, now: () => performance.now(), freshMs: 0 });
}

export function theBreakers(
  database: Database,
  settings: {
    volumeThreshold?: number;
    resetTimeoutMs?: number;
    probeLeaseMs?: number;
    freshMs?: number;
  } = {},
): CircuitBreakers {
  const { volumeThreshold = 1_000, resetTimeoutMs = 1_000, probeLeaseMs = 60_000, freshMs } = settings;
  return new CircuitBreakers({
    database,
    settingsFor: () => ({
      volumeThreshold,
      errorThresholdPercentage: 50,
      resetTimeoutMs,
      windowMs: 10_000,
    }),
    probeLeaseMs,
    now: () => performance.now(),
    ...(freshMs === undefined ? {} : { freshMs }),
  });
}

/** Everything real but the outside; waits are cut to some milliseconds. */
export function fakeDependencies(
  database: Database,
  fake: FakeProvider,
  changes: Partial<ActivityDependencies> = {},
): ActivityDependencies {
  return {
    database,
    registerAsset: (asset) => assets.register(database, asset),
    assetStore: createLocalAssetStore(path.join(tmpdir(), `everframe-${randomUUID()}`)),
    guardedFetch,
    providerAccess: new FakeAccess(fake),
    breakers: theBreakers(database),
    rests: theRests(database),
    jobEnded: () => undefined,
    sendPolicy: () => ({ attemptsMax: 10, retryDelayMs: 1_000, keyRestMs: 60_000 }),
    latestRunId: async () => RUN,
    batchWindow: 20,
    tellBatch: async () => undefined,
    settings: {
      secret: 'a-secret-of-thirty-two-characters',
      localUrl: 'http://127.0.0.1:1',
      resubmitBelowCredits: 50,
      webhookRetrySeconds: [0],
      webhookTimeoutMs: 1_000,
      workFolder: tmpdir(),
    },
    now: Date.now,
    random: () => 0.5,
    sleep: (milliseconds, signal) => sleep(Math.min(milliseconds, 10), undefined, { signal }),
    ...changes,
  };
}

/** A node that costs 30 credits at fal. */
export function aJobInput(execution: TestExecution, changes: Partial<JobInput> = {}): JobInput {
  return {
    executionId: execution.id,
    accountId: execution.accountId,
    mode: 'test',
    step: 'n1',
    nodeId: 'n1',
    nodeType: 'generate:flux_2_pro',
    nodeTypeVersion: 1,
    nodeKey: 'key-of-n1',
    config: { prompt: 'a boat' },
    texts: [],
    inputs: {},
    timeoutSeconds: 600,
    attemptsMax: 3,
    candidate: { provider: 'fal', model: 'fal-ai/flux-2-pro', execution: 'queue', priceCredits: 30 },
    fallbackFrom: [],
    ...changes,
  };
}

/** The context of one activity attempt of a Temporal run. */
export function anEnvironment(runId = RUN, attempt = 1): MockActivityEnvironment {
  const workflowExecution = { workflowId: 'execution', runId };
  return new MockActivityEnvironment({ attempt, workflowExecution }, { logger: new DefaultLogger('ERROR') });
}
