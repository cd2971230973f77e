import { z } from 'zod';
import { configuredProviders } from '../pipeline/provider-credentials';
import type { MetricsAddress } from '../metrics/serve-metrics';
import { readS3Settings, type S3Settings } from '../store/assets/s3-settings';
import { DEFAULT_TASK_QUEUE } from '../workflows/contract';

const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const credits = z.coerce.number().int().nonnegative().default(1_000_000);

/** Next free one where another process has it. */
const METRICS_PORT = 9_464;

const environmentSchema = z.object({
  DATABASE_URL: z.string().min(1),
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  EVERFRAME_TASK_QUEUE: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/)
    .default(DEFAULT_TASK_QUEUE),
  EVERFRAME_HOST: z.string().min(1).default('127.0.0.1'),
  EVERFRAME_PORT: z.coerce.number().int().min(0).max(65_535).default(8_080),
  EVERFRAME_HOME: z.string().min(1).default('./.everframe'),
  EVERFRAME_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  EVERFRAME_ASSET_SECRET: z.string().min(32),
  EVERFRAME_BOOTSTRAP_KEYS: z.string().min(1).optional(),
  EVERFRAME_INITIAL_TEST_CREDITS: credits,
  EVERFRAME_INITIAL_LIVE_CREDITS: credits,
  EVERFRAME_WEBHOOK_CALLS_PER_MINUTE: count(60),
  EVERFRAME_MAX_NODES: count(100),
  EVERFRAME_MAX_EDGES: count(500),
  EVERFRAME_MAX_UPLOAD_BYTES: count(1_073_741_824),
  EVERFRAME_MAX_UPLOAD_SECONDS: count(7_200),
  EVERFRAME_METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  EVERFRAME_API_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  EVERFRAME_SHUTDOWN_DELAY_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  EVERFRAME_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  NODE_ENV: z.string().optional(),
});

export interface ApiConfig {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly taskQueue: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Folder of the embedded state; assets lie under it. */
  readonly home: string;
  /** Where assets lie in place of that folder. */
  readonly s3?: S3Settings;
  /** Where users and providers reach us, without a trailing slash; undefined: the address listened on. */
  readonly publicUrl: string | undefined;
  /** Signs asset URLs; the same in every process. */
  readonly assetSecret: string;
  /** File with the embedded account's keys. */
  readonly bootstrapKeysPath: string | undefined;
  readonly initialCredits: { readonly test: number; readonly live: number };
  /** Calls of one webhook. */
  readonly triggersPerMinute: number;
  readonly graphLimits: { readonly nodesMax: number; readonly edgesMax: number };
  readonly uploadLimits: { readonly bytesMax: number; readonly durationSecondsMax: number };
  /** Providers that a live execution may use. */
  readonly liveProviders: readonly string[];
  readonly metrics: MetricsAddress;
  /** How long new requests are still taken after a stop, while /readyz says that it is not ready, milliseconds. */
  readonly shutdownDelayMs: number;
  readonly logLevel: string;
}

/**
 * Reads the API's settings from the environment.
 *
 * @throws Error naming every variable that is missing or wrong.
 */
export function readApiConfig(environment: Readonly<Record<string, string | undefined>>): ApiConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(
      `The API cannot start, these environment variables are missing or wrong:\n${faults.join('\n')}`,
    );
  }
  const env = parsed.data;
  return {
    databaseUrl: env.DATABASE_URL,
    temporalAddress: env.TEMPORAL_ADDRESS,
    temporalNamespace: env.TEMPORAL_NAMESPACE,
    taskQueue: env.EVERFRAME_TASK_QUEUE,
    host: env.EVERFRAME_HOST,
    port: env.EVERFRAME_PORT,
    home: env.EVERFRAME_HOME,
    s3: readS3Settings(environment),
    publicUrl: env.EVERFRAME_PUBLIC_URL?.replace(/\/+$/, ''),
    assetSecret: env.EVERFRAME_ASSET_SECRET,
    bootstrapKeysPath: env.EVERFRAME_BOOTSTRAP_KEYS,
    initialCredits: { test: env.EVERFRAME_INITIAL_TEST_CREDITS, live: env.EVERFRAME_INITIAL_LIVE_CREDITS },
    triggersPerMinute: env.EVERFRAME_WEBHOOK_CALLS_PER_MINUTE,
    graphLimits: { nodesMax: env.EVERFRAME_MAX_NODES, edgesMax: env.EVERFRAME_MAX_EDGES },
    uploadLimits: {
      bytesMax: env.EVERFRAME_MAX_UPLOAD_BYTES,
      durationSecondsMax: env.EVERFRAME_MAX_UPLOAD_SECONDS,
    },
    liveProviders: configuredProviders(environment),
    metrics: {
      host: env.EVERFRAME_METRICS_HOST,
      port: env.EVERFRAME_API_METRICS_PORT ?? METRICS_PORT,
      isExplicit: env.EVERFRAME_API_METRICS_PORT !== undefined,
    },
    shutdownDelayMs: env.EVERFRAME_SHUTDOWN_DELAY_MS,
    logLevel: env.EVERFRAME_LOG_LEVEL,
  };
}
