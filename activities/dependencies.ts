import type { AssetStore } from '../store/assets/asset-store';
import type { S3Settings } from '../store/assets/s3-settings';
import type { NewAsset } from '../store/database/assets';
import type { Database } from '../store/database/database';
import type { Job } from '../store/database/jobs/job';
import type { AssetReference } from '../workflows/contract';
import type { CircuitBreakers } from './circuit-breakers';
import type { CredentialRests } from './credential-rests';
import type { GuardedFetch } from './guarded-fetch';
import type { ProviderAccess } from './provider-access';

/** What activities are made of; handed in once by the worker, by fakes of the outside in tests. */
export interface ActivityDependencies {
  readonly database: Database;
  readonly assetStore: AssetStore;
  /** Makes stored bytes known as an asset of the account. */
  readonly registerAsset: (asset: NewAsset) => Promise<AssetReference>;
  readonly guardedFetch: GuardedFetch;
  readonly providerAccess: ProviderAccess;
  readonly breakers: CircuitBreakers;
  readonly rests: CredentialRests;
  /** Told of each paid job that has ended, for metrics. Must not throw. */
  readonly jobEnded: (job: EndedJob) => void;
  readonly sendPolicy: (providerId: string) => SendPolicy;
  /** Latest Temporal run id of an execution's workflow, as Temporal says it. */
  readonly latestRunId: (executionId: string) => Promise<string | undefined>;
  /** Items of one batch that run at once. */
  readonly batchWindow: number;
  /** Has a batch look at its items, if it runs. */
  readonly tellBatch: (batchId: string) => Promise<void>;
  readonly settings: ActivitySettings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Resolves after that long, rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** What a paid job has come to. */
export interface EndedJob extends Pick<Job, 'provider' | 'model' | 'nodeType' | 'mode' | 'generation'> {
  /** Charged. */
  readonly credits: number;
  /** Since its intent; absent when its result could not be used. */
  readonly seconds?: number;
}

/** How an operator wants one provider to be asked. */
export interface SendPolicy {
  /** Sends of one job at most, whatever the node asks for. */
  readonly attemptsMax: number;
  /** Before the second send; twice as long before each further one, milliseconds. */
  readonly retryDelayMs: number;
  /** How long a key that was turned down is not used, milliseconds; 0 uses it again at once. */
  readonly keyRestMs: number;
}

export interface ActivitySettings {
  /** Signs asset URLs and callback tokens; the API has the same one. */
  readonly secret: string;
  /** Our API as this machine reaches it: what the sandbox is given. */
  readonly localUrl: string;
  /** Our API as the world reaches it; without it live providers get no callback and no URL of ours. */
  readonly publicUrl?: string;
  /** A job of unknown fate that costs less is sent again once, and flagged; above it the node waits for a decision. */
  readonly resubmitBelowCredits: number;
  /** Pauses before the 1st, 2nd, … try to tell a receiver of webhooks, seconds; after the last one it is given up. */
  readonly webhookRetrySeconds: readonly number[];
  /** So long a receiver of webhooks has to answer. */
  readonly webhookTimeoutMs: number;
  /** Buckets that every account may deliver to with the server's own credentials. */
  readonly deliveryBuckets?: readonly string[];
  /** The server's own store, if it has one. */
  readonly s3?: S3Settings;
  /** Scratch files of media work. */
  readonly workFolder: string;
}
