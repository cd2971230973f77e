import { z } from 'zod';
import type { SendPolicy } from '../activities/dependencies';

export interface ProviderSettings extends SendPolicy {
  /** Sends per second of the whole fleet, kept by Temporal; undefined: no limit of ours. */
  readonly sendsPerSecond?: number;
  readonly breaker: {
    readonly volumeThreshold: number;
    readonly errorThresholdPercentage: number;
    readonly resetTimeoutMs: number;
  };
}

const milliseconds = z.coerce.number().int().max(3_600_000);

/** Each as `EVERFRAME_<NAME>` for all providers and `EVERFRAME_<PROVIDER>_<NAME>` for one of them. */
const settingsSchema = z.object({
  SENDS_PER_SECOND: z.coerce.number().positive().optional(),
  BREAKER_VOLUME_THRESHOLD: z.coerce.number().int().min(1).default(5),
  BREAKER_ERROR_PERCENTAGE: z.coerce.number().int().min(1).max(100).default(50),
  BREAKER_RESET_MS: milliseconds.min(1).default(30_000),
  RETRY_ATTEMPTS_MAX: z.coerce.number().int().min(1).max(10).default(10),
  RETRY_DELAY_MS: milliseconds.min(1).default(1_000),
  KEY_REST_MS: milliseconds.min(0).default(60_000),
});

const names = Object.keys(settingsSchema.shape);

/** @throws with every faulty variable named. */
export function readProviderSettings(environment: NodeJS.ProcessEnv, providerId: string): ProviderSettings {
  const given = new Map(names.map((name) => [name, variableOf(environment, providerId, name)]));
  const values = [...given].map(([name, variable]) => [name, environment[variable]] as const);
  const parsed = settingsSchema.safeParse(Object.fromEntries(values.filter(([, value]) => value !== '')));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${given.get(String(issue.path[0])) ?? ''}: ${issue.message}`,
    );
    throw new Error(`The worker's settings are not usable: ${faults.join('; ')}. See .env.example.`);
  }
  const settings = parsed.data;
  return {
    ...(settings.SENDS_PER_SECOND === undefined ? {} : { sendsPerSecond: settings.SENDS_PER_SECOND }),
    breaker: {
      volumeThreshold: settings.BREAKER_VOLUME_THRESHOLD,
      errorThresholdPercentage: settings.BREAKER_ERROR_PERCENTAGE,
      resetTimeoutMs: settings.BREAKER_RESET_MS,
    },
    attemptsMax: settings.RETRY_ATTEMPTS_MAX,
    retryDelayMs: settings.RETRY_DELAY_MS,
    keyRestMs: settings.KEY_REST_MS,
  };
}

/** A provider's own setting wins; one that is empty is not set. */
function variableOf(environment: NodeJS.ProcessEnv, providerId: string, name: string): string {
  const own = `EVERFRAME_${providerId.toUpperCase()}_${name}`;
  return (environment[own] ?? '') === '' ? `EVERFRAME_${name}` : own;
}
