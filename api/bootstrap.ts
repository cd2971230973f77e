import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isWellFormedApiKey } from '../pipeline/pure/api-key-format';
import { accounts } from '../store/database/accounts';
import { credits } from '../store/database/credits';
import type { Database } from '../store/database/database';
import { keys } from '../store/database/keys';
import type { Mode } from '../workflows/contract';
import type { ApiConfig } from './config';
import { hashKey } from './http/authenticate';
import { SCOPES } from './scopes';

/** Account of a self-hosted system. */
export const LOCAL_ACCOUNT_ID = 'acc_local';

const credentialsSchema = z.object({
  keys: z.object({ test: z.string().optional(), live: z.string().optional() }),
});

/**
 * Makes the local account, its first credits and the keys of `credentials.json`. Safe to repeat at every start: credits are
 * granted once, and a key that was revoked stays revoked.
 *
 * @throws Error when the file cannot be read or holds something else.
 */
export async function bootstrapLocalAccount(
  database: Database,
  config: Pick<ApiConfig, 'bootstrapKeysPath' | 'initialCredits'>,
): Promise<void> {
  if (config.bootstrapKeysPath === undefined) return;
  const given = await readKeys(config.bootstrapKeysPath);
  await accounts.ensure(database, { id: LOCAL_ACCOUNT_ID, name: 'Local', plan: 'self_hosted' });
  for (const mode of ['test', 'live'] as const) {
    const granted = { accountId: LOCAL_ACCOUNT_ID, mode, credits: config.initialCredits[mode] };
    if (granted.credits > 0)
      await credits.grant(database, { ...granted, grantKey: `initial/${LOCAL_ACCOUNT_ID}/${mode}` });
    const key = given[mode];
    if (key !== undefined) await registerKey(database, mode, key);
  }
}

async function readKeys(path: string): Promise<Partial<Record<Mode, string>>> {
  const parsed = credentialsSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data.keys;
  throw new Error(`EVERFRAME_BOOTSTRAP_KEYS: ${path} holds no keys. Delete it to get new ones.`);
}

async function registerKey(database: Database, mode: Mode, key: string): Promise<void> {
  if (!isWellFormedApiKey(key) || !key.startsWith(`sk-${mode}-`)) {
    throw new Error(
      `EVERFRAME_BOOTSTRAP_KEYS: the ${mode} key is not a key of ours. Delete the file to get new ones.`,
    );
  }
  await keys.register(database, {
    accountId: LOCAL_ACCOUNT_ID,
    mode,
    name: `First ${mode} key`,
    hash: hashKey(key),
    last4: key.slice(-4),
    scopes: [...SCOPES],
  });
}
