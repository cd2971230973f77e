import { setTimeout as pause } from 'node:timers/promises';
import { createEverframeClient, type EverframeClient } from '../client/everframe-client';
import { EverframeError } from '../client/everframe-error';
import { readCliConfig, type CliConfig } from './config';
import { CliError, usageError } from './cli-error';
import { BringUpError } from './embedded/bring-up-error';
import { type Credentials, credentialsPath, readCredentials } from './embedded/home-files';
import { exitCodes } from './exit-codes';
import type { CliEnvironment } from './terminal';

export type Mode = 'live' | 'test';

export interface ChosenClient {
  readonly client: EverframeClient;
  /** Of its key: live pays. */
  readonly mode: Mode;
}

const defaultUrl = 'http://127.0.0.1:8080';

/**
 * The client for EVERFRAME_API_URL and EVERFRAME_API_KEY, or else for the system of EVERFRAME_HOME and its key of that
 * mode (test unless given). The first request fails at once when nothing answers; later ones are repeated.
 *
 * @throws CliError when there is no key, or it is not of the mode that was asked for
 */
export function clientFromCredentials(
  { environment, workingFolder }: Pick<CliEnvironment, 'environment' | 'workingFolder'>,
  mode?: Mode,
): ChosenClient {
  const { config, credentials } = readSettings(environment, workingFolder);
  const baseUrl = config.apiUrl ?? credentials?.url ?? defaultUrl;
  const key = chooseKey(config, credentials, mode);
  return { client: createImpatientClient(baseUrl, key), mode: key.startsWith('sk-live-') ? 'live' : 'test' };
}

function readSettings(
  environment: NodeJS.ProcessEnv,
  workingFolder: string,
): { readonly config: CliConfig; readonly credentials: Credentials | undefined } {
  try {
    const config = readCliConfig(environment, workingFolder);
    return { config, credentials: readCredentials(config.home) };
  } catch (error) {
    throw error instanceof BringUpError ? usageError(error.message, error) : error;
  }
}

function chooseKey(config: CliConfig, credentials: Credentials | undefined, mode?: Mode): string {
  const { apiKey, apiUrl, home } = config;
  if (apiKey !== undefined) return requireMode(apiKey, mode);
  if (credentials === undefined) {
    const message = `No key: ${credentialsPath(home)} does not exist. Start the system there (npm start), or set EVERFRAME_HOME to where it was started, or EVERFRAME_API_URL and EVERFRAME_API_KEY.`;
    throw new CliError({ message, code: 'not_started', exitCode: exitCodes.unreachable });
  }
  // A key is sent to the system that it was made for, nowhere else.
  if (apiUrl !== undefined && new URL(apiUrl).origin !== new URL(credentials.url).origin)
    throw usageError(
      `EVERFRAME_API_URL is ${apiUrl}, so set EVERFRAME_API_KEY too: the keys of ${home} are for ${credentials.url}.`,
    );
  const key = credentials.keys[mode ?? 'test'];
  if (key === undefined) {
    throw usageError(
      `${home} has no live key: set a provider credential (such as FAL_KEY) and start the system again, or set EVERFRAME_API_KEY to a live key.`,
    );
  }
  return key;
}

function requireMode(apiKey: string, mode: Mode | undefined): string {
  if (mode !== undefined && !apiKey.startsWith(`sk-${mode}-`))
    throw usageError(
      `EVERFRAME_API_KEY is no ${mode} key (sk-${mode}-…): leave --mode out, or set another key.`,
    );
  return apiKey;
}

function createImpatientClient(baseUrl: string, apiKey: string): EverframeClient {
  let hasAnswered = false;
  return createEverframeClient({
    baseUrl,
    apiKey,
    fetch: async (...request) => {
      const response = await fetch(...request);
      hasAnswered = true;
      return response;
    },
    sleep: async (ms, signal) => {
      if (!hasAnswered) throw notRunning(baseUrl);
      await pause(ms, undefined, { signal });
    },
  });
}

function notRunning(baseUrl: string): EverframeError {
  const message = `No answer from ${baseUrl}.`;
  return new EverframeError({ message, status: 0, code: 'network' });
}
