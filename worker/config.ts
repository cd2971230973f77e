import path from 'node:path';
import { z } from 'zod';
import { providers } from '../activities/providers';
import type { MetricsAddress } from '../metrics/serve-metrics';
import { readS3Settings, type S3Settings } from '../store/assets/s3-settings';
import { DEFAULT_TASK_QUEUE } from '../workflows/contract';
import { readProviderSettings, type ProviderSettings } from './provider-settings';

/** Next free one where another process has it. */
const METRICS_PORT = 9_465;

const milliseconds = z.coerce.number().int().min(1);

const environmentSchema = z.object({
  DATABASE_URL: z.string().min(1),
  TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  EVERFRAME_TASK_QUEUE: z.string().min(1).max(100).default(DEFAULT_TASK_QUEUE),
  EVERFRAME_HOME: z.string().min(1).default('.everframe'),
  EVERFRAME_ASSET_SECRET: z.string().min(32),
  EVERFRAME_PORT: z.coerce.number().int().min(1).max(65_535).default(8080),
  EVERFRAME_INTERNAL_URL: z.url().optional(),
  EVERFRAME_PUBLIC_URL: z.url().optional(),
  EVERFRAME_SANDBOX_URL: z.url().optional(),
  EVERFRAME_ALLOWED_PRIVATE_HOSTS: z.string().default(''),
  EVERFRAME_DELIVERY_BUCKETS: z.string().default(''),
  EVERFRAME_RESUBMIT_BELOW_CREDITS: z.coerce.number().int().min(0).default(50),
  EVERFRAME_WEBHOOK_RETRY_SECONDS: z
    .string()
    .default('0,5,300,1800,7200,18000,36000,50400,72000,86400')
    .transform((text) => text.split(',').map((part) => Number(part.trim())))
    .pipe(z.array(z.number().min(0).max(604_800)).min(1).max(50)),
  // Standard Webhooks recommends 15 to 30 s.
  EVERFRAME_WEBHOOK_TIMEOUT_MS: milliseconds.min(1_000).max(30_000).default(15_000),
  EVERFRAME_REQUEST_TIMEOUT_MS: milliseconds.min(1_000).max(90_000).default(60_000),
  EVERFRAME_SHUTDOWN_GRACE_MS: milliseconds.default(10_000),
  EVERFRAME_BATCH_WINDOW: z.coerce.number().int().min(1).max(500).default(20),
  EVERFRAME_BUILD_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, { error: 'must be 1 to 100 letters, digits, ".", "_", "-"' })
    .optional(),
  EVERFRAME_DEPLOYMENT_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, { error: 'must be 1 to 100 letters, digits, "_", "-"' })
    .default('everframe'),
  EVERFRAME_VERSIONING_BEHAVIOR: z.enum(['auto_upgrade', 'pinned']).default('auto_upgrade'),
  EVERFRAME_METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  EVERFRAME_WORKER_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  EVERFRAME_TEMPORAL_METRICS_ADDRESS: z
    .string()
    .regex(/^\S+:\d{1,5}$/, { error: 'must be host:port' })
    .optional(),
  EVERFRAME_MEDIA_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  EVERFRAME_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
});

export interface WorkerConfig {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly taskQueue: string;
  readonly assetFolder: string;
  /** Where assets lie in place of that folder. */
  readonly s3?: S3Settings;
  readonly deliveryBuckets: readonly string[];
  readonly workFolder: string;
  /** Signs asset URLs and callback tokens; the API has the same one. */
  readonly secret: string;
  /** Our API as this process and the sandbox reach it. */
  readonly localUrl: string;
  /** Our API as the world reaches it; without it live providers get no callback and no URL of ours. */
  readonly publicUrl?: string;
  readonly sandboxUrl?: string;
  readonly allowedPrivateHosts: readonly string[];
  readonly resubmitBelowCredits: number;
  readonly webhookRetrySeconds: readonly number[];
  readonly webhookTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** By provider id. */
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  /** How long sends in flight may go on after a stop; longer than the slowest send where no send may be cut off. */
  readonly shutdownGraceMs: number;
  /** Items of one batch that run at once. */
  readonly batchWindow: number;
  readonly mediaConcurrency: number;
  /** Temporal gives tasks to workers of the current build alone; undefined: to any worker. */
  readonly deployment?: {
    readonly name: string;
    readonly buildId: string;
    readonly behavior: 'auto_upgrade' | 'pinned';
  };
  readonly metrics: MetricsAddress;
  /** Where Temporal's SDK serves metrics of its own, `host:port`. */
  readonly temporalMetricsAddress?: string;
  readonly logLevel: string;
}

/** @throws with every faulty variable named, before anything is connected. */
export function readWorkerConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  // An empty variable counts as unset, as compose files pass them.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Error(`The worker's settings are not usable: ${faults}. See .env.example.`);
  }
  const settings = parsed.data;
  const home = path.resolve(settings.EVERFRAME_HOME);
  return {
    databaseUrl: settings.DATABASE_URL,
    temporalAddress: settings.TEMPORAL_ADDRESS,
    temporalNamespace: settings.TEMPORAL_NAMESPACE,
    taskQueue: settings.EVERFRAME_TASK_QUEUE,
    assetFolder: path.join(home, 'assets'),
    s3: readS3Settings(environment),
    workFolder: path.join(home, 'work'),
    secret: settings.EVERFRAME_ASSET_SECRET,
    localUrl: settings.EVERFRAME_INTERNAL_URL ?? `http://127.0.0.1:${settings.EVERFRAME_PORT}`,
    publicUrl: settings.EVERFRAME_PUBLIC_URL,
    sandboxUrl: settings.EVERFRAME_SANDBOX_URL,
    allowedPrivateHosts: listOf(settings.EVERFRAME_ALLOWED_PRIVATE_HOSTS),
    deliveryBuckets: listOf(settings.EVERFRAME_DELIVERY_BUCKETS),
    resubmitBelowCredits: settings.EVERFRAME_RESUBMIT_BELOW_CREDITS,
    webhookRetrySeconds: settings.EVERFRAME_WEBHOOK_RETRY_SECONDS,
    webhookTimeoutMs: settings.EVERFRAME_WEBHOOK_TIMEOUT_MS,
    requestTimeoutMs: settings.EVERFRAME_REQUEST_TIMEOUT_MS,
    providers: new Map(providers.map(({ id }) => [id, readProviderSettings(environment, id)])),
    shutdownGraceMs: settings.EVERFRAME_SHUTDOWN_GRACE_MS,
    batchWindow: settings.EVERFRAME_BATCH_WINDOW,
    mediaConcurrency: settings.EVERFRAME_MEDIA_CONCURRENCY,
    ...readDeployment(settings),
    metrics: {
      host: settings.EVERFRAME_METRICS_HOST,
      port: settings.EVERFRAME_WORKER_METRICS_PORT ?? METRICS_PORT,
      isExplicit: settings.EVERFRAME_WORKER_METRICS_PORT !== undefined,
    },
    temporalMetricsAddress: settings.EVERFRAME_TEMPORAL_METRICS_ADDRESS,
    logLevel: settings.EVERFRAME_LOG_LEVEL,
  };
}

/** Of a text with commas. */
function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function readDeployment(
  settings: z.infer<typeof environmentSchema>,
): Pick<WorkerConfig, 'deployment'> | undefined {
  const { EVERFRAME_BUILD_ID: buildId, EVERFRAME_DEPLOYMENT_NAME: name } = settings;
  if (buildId === undefined) return undefined;
  return { deployment: { name, buildId, behavior: settings.EVERFRAME_VERSIONING_BEHAVIOR } };
}
