import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { configuredProviders } from '../pipeline/provider-credentials';
import { BringUpError } from './embedded/bring-up-error';

/** What bring-up and the command line read from the environment; documented in .env.example. */
export interface CliConfig {
  /** State folder, absolute. */
  readonly home: string;
  /** Per-user cache folder (the Temporal program), absolute. */
  readonly cacheFolder: string;
  /** Ports the user fixed; the others are chosen. */
  readonly ports: {
    readonly api?: number | undefined;
    readonly temporal?: number | undefined;
    readonly temporalUi?: number | undefined;
    readonly postgres?: number | undefined;
    readonly sandbox?: number | undefined;
  };
  /** A PostgreSQL server of the user's own, in place of the embedded one. */
  readonly databaseUrl?: string | undefined;
  /** A Temporal server of the user's own, `host:port`, in place of the embedded one. */
  readonly temporalAddress?: string | undefined;
  /** The API that commands speak to, in place of the one in `home`. */
  readonly apiUrl?: string | undefined;
  /** The key for it, in place of those in `home`. */
  readonly apiKey?: string | undefined;
  /** True when a provider's credential is set, so that live executions make sense. */
  readonly hasProviderCredential: boolean;
  /** How long the worker may finish sends in flight when it is stopped, milliseconds. */
  readonly shutdownGraceMs: number;
  /** The environment for the children, without the variables that are empty. */
  readonly environment: NodeJS.ProcessEnv;
}

const text = z.string().trim().min(1).optional();
const port = z.coerce.number().int().min(1).max(65_535).optional();
const environmentSchema = z.object({
  EVERFRAME_HOME: text,
  EVERFRAME_CACHE: text,
  XDG_CACHE_HOME: text,
  DATABASE_URL: text,
  TEMPORAL_ADDRESS: text,
  EVERFRAME_API_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  EVERFRAME_API_KEY: text,
  EVERFRAME_PORT: port,
  EVERFRAME_TEMPORAL_PORT: port,
  EVERFRAME_TEMPORAL_UI_PORT: port,
  EVERFRAME_POSTGRES_PORT: port,
  EVERFRAME_SANDBOX_PORT: port,
  EVERFRAME_SHUTDOWN_GRACE_MS: z.coerce.number().int().min(1).default(10_000),
});

/**
 * Reads the configuration once. An empty variable counts as unset.
 *
 * @throws BringUpError naming every variable that cannot be used, with its bounds
 */
export function readCliConfig(environment: NodeJS.ProcessEnv, workingFolder: string): CliConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const parsed = environmentSchema.safeParse(set);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new BringUpError(`settings that cannot be used: ${issues.join('; ')}. See .env.example`);
  }
  const variables = parsed.data;
  return {
    home: resolve(workingFolder, variables.EVERFRAME_HOME ?? '.everframe'),
    cacheFolder: cacheFolder(variables),
    ports: {
      api: variables.EVERFRAME_PORT,
      temporal: variables.EVERFRAME_TEMPORAL_PORT,
      temporalUi: variables.EVERFRAME_TEMPORAL_UI_PORT,
      postgres: variables.EVERFRAME_POSTGRES_PORT,
      sandbox: variables.EVERFRAME_SANDBOX_PORT,
    },
    databaseUrl: variables.DATABASE_URL,
    temporalAddress: variables.TEMPORAL_ADDRESS,
    apiUrl: variables.EVERFRAME_API_URL,
    apiKey: variables.EVERFRAME_API_KEY,
    hasProviderCredential: configuredProviders(set).length > 0,
    shutdownGraceMs: variables.EVERFRAME_SHUTDOWN_GRACE_MS,
    environment: set,
  };
}

function cacheFolder(variables: {
  EVERFRAME_CACHE?: string | undefined;
  XDG_CACHE_HOME?: string | undefined;
}): string {
  if (variables.EVERFRAME_CACHE !== undefined) return resolve(variables.EVERFRAME_CACHE);
  return join(variables.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'everframe');
}
