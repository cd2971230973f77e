import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
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
  /** True when a provider's credential is set, so that live executions make sense. */
  readonly hasProviderCredential: boolean;
  /** The whole environment, for the children. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The vendors' usual variables; any of them makes a first `sk-live-` key. */
const credentialVariables = [
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GEMINI_API_KEY',
  'FAL_KEY',
  'REPLICATE_API_TOKEN',
  'STABILITY_API_KEY',
  'BFL_API_KEY',
  'KLING_ACCESS_KEY',
  'RECRAFT_API_TOKEN',
  'ARK_API_KEY',
  'ELEVENLABS_API_KEY',
  'DEEPL_API_KEY',
];

const text = z.string().trim().min(1).optional();
const port = z.coerce.number().int().min(1).max(65_535).optional();
const environmentSchema = z.object({
  EVERFRAME_HOME: text,
  EVERFRAME_CACHE: text,
  XDG_CACHE_HOME: text,
  DATABASE_URL: text,
  TEMPORAL_ADDRESS: text,
  EVERFRAME_PORT: port,
  EVERFRAME_TEMPORAL_PORT: port,
  EVERFRAME_TEMPORAL_UI_PORT: port,
  EVERFRAME_POSTGRES_PORT: port,
  EVERFRAME_SANDBOX_PORT: port,
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
    hasProviderCredential: credentialVariables.some((name) => set[name] !== undefined),
    environment,
  };
}

function cacheFolder(variables: {
  EVERFRAME_CACHE?: string | undefined;
  XDG_CACHE_HOME?: string | undefined;
}): string {
  if (variables.EVERFRAME_CACHE !== undefined) return resolve(variables.EVERFRAME_CACHE);
  return join(variables.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'everframe');
}
