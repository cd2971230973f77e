import type { Logger } from 'pino';
import type { AssetStore } from '../store/assets/asset-store';
import type { Database } from '../store/database/database';
import type { ExecutionListener } from '../store/database/execution-listener';
import type { RateLimits } from './http/rate-limits';
import type { ApiMetrics } from './metrics';
import type { TemporalExecutions } from './temporal-executions';

/** All that the routes use, given by argument: main.ts builds it, tests build their own. */
export interface ApiDependencies {
  readonly database: Database;
  readonly assetStore: AssetStore;
  readonly temporal: TemporalExecutions;
  readonly listener: ExecutionListener;
  readonly rateLimits: RateLimits;
  readonly metrics: ApiMetrics;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Aborts when the process begins to stop: waiting answers are given at once. */
  readonly shutdown: AbortSignal;
  readonly settings: ApiSettings;
}

export interface ApiSettings {
  /** Where users reach us, without a trailing slash. */
  readonly publicUrl: string;
  /** The first signs asset URLs; all may have signed. */
  readonly assetSecrets: readonly string[];
  readonly graphLimits: { readonly nodesMax: number; readonly edgesMax: number };
  readonly uploadLimits: { readonly bytesMax: number; readonly durationSecondsMax: number };
  /** Providers that a live execution may use. */
  readonly liveProviders: readonly string[];
}
