import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { apiKeyRandomBytes, formatApiKey } from '../../pipeline/pure/api-key-format';
import { BringUpError, explainWriteError } from './bring-up-error';

const portsSchema = z.record(z.string(), z.number().int());
const stateSchema = z.object({
  ports: portsSchema.default({}),
  urls: z.record(z.string(), z.string()).default({}),
});
const credentialsSchema = z.object({
  url: z.string(),
  keys: z.object({ test: z.string(), live: z.string().optional() }),
});

/** What a home remembers between starts: its ports, and the addresses of the running system. */
export type HomeState = z.infer<typeof stateSchema>;

/** `credentials.json`: where the API is and the first keys; read by the command line. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** Makes the state folder, readable by its owner only. */
export function makeHome(home: string): void {
  try {
    mkdirSync(join(home, 'logs'), { recursive: true, mode: 0o700 });
    chmodSync(home, 0o700);
  } catch (error) {
    throw explainWriteError(error, home);
  }
}

/** The remembered state; empty for a new home or an unreadable file (nothing in it is irreplaceable). */
export function readState(home: string): HomeState {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(statePath(home), 'utf8')));
  } catch {
    return { ports: {}, urls: {} };
  }
}

export function writeState(home: string, state: HomeState): void {
  writePrivate(statePath(home), `${JSON.stringify(state, null, 2)}\n`);
}

export function credentialsPath(home: string): string {
  return join(home, 'credentials.json');
}

/** The home's first keys, or undefined when the system was never started there. */
export function readCredentials(home: string): Credentials | undefined {
  const path = credentialsPath(home);
  if (!existsSync(path)) return undefined;
  const parsed = credentialsSchema.safeParse(parseJson(path));
  if (parsed.success) return parsed.data;
  throw new BringUpError(`${path} is not a credentials file: mend it, or delete it to get new keys`);
}

/**
 * Writes `credentials.json` (0600) with the API's present address, making the test key on the first start and the live
 * key once one is wanted. Keys that exist are kept.
 *
 * @returns the credentials, and which keys were made just now
 */
export function ensureCredentials(
  home: string,
  wanted: { readonly url: string; readonly live: boolean },
): { readonly credentials: Credentials; readonly isNew: boolean } {
  const known = readCredentials(home);
  const test = known?.keys.test ?? newKey('test');
  const live = known?.keys.live ?? (wanted.live ? newKey('live') : undefined);
  const credentials = { url: wanted.url, keys: { test, ...(live === undefined ? {} : { live }) } };
  writePrivate(credentialsPath(home), `${JSON.stringify(credentials, null, 2)}\n`);
  return { credentials, isNew: known?.keys.test !== test || known.keys.live !== live };
}

/** The secret that signs asset URLs: made once, so that URLs survive a restart. */
export function ensureAssetSecret(home: string): string {
  const path = join(home, 'asset-secret');
  if (!existsSync(path)) writePrivate(path, randomBytes(32).toString('hex'));
  return readFileSync(path, 'utf8').trim();
}

function newKey(mode: 'live' | 'test'): string {
  return formatApiKey(mode, randomBytes(apiKeyRandomBytes));
}

/** Whole or not at all, readable by the owner only. */
function writePrivate(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    throw explainWriteError(error, path);
  }
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function statePath(home: string): string {
  return join(home, 'state.json');
}
