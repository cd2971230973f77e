import type { AssetStore } from '../store/assets/asset-store';
import type { Database } from '../store/database/database';
import type { CircuitBreakers } from './circuit-breakers';
import type { GuardedFetch } from './guarded-fetch';
import type { ProviderAccess } from './provider-access';

/** What activities are made of; handed in once by the worker, by fakes of the outside in tests. */
export interface ActivityDependencies {
  readonly database: Database;
  readonly assetStore: AssetStore;
  readonly guardedFetch: GuardedFetch;
  readonly providerAccess: ProviderAccess;
  readonly breakers: CircuitBreakers;
  /** Latest Temporal run id of an execution's workflow, as Temporal says it. */
  readonly latestRunId: (executionId: string) => Promise<string | undefined>;
  readonly settings: ActivitySettings;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Resolves after that long, rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
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
  /** Scratch files of media work. */
  readonly workFolder: string;
}
