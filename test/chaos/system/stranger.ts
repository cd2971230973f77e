import { randomBytes } from 'node:crypto';
import { hashKey } from '../../../api/http/authenticate';
import { SCOPES } from '../../../api/scopes';
import { apiKeyRandomBytes, formatApiKey } from '../../../pipeline/pure/api-key-format';
import { accounts } from '../../../store/database/accounts';
import { credits } from '../../../store/database/credits';
import { openDatabase } from '../../../store/database/database';
import { keys } from '../../../store/database/keys';
import type { ForeignAnswer } from '../evidence/evidence';
import type { ChaosSystem } from './chaos-system';

const STRANGER = 'acc_stranger';

/** Makes a second account with credits of its own. @returns its key */
export async function openSecondAccount(databaseUrl: string): Promise<string> {
  const database = openDatabase(databaseUrl, { poolMax: 1 });
  try {
    await accounts.ensure(database, { id: STRANGER, name: 'Stranger', plan: 'self_hosted' });
    const grant = { accountId: STRANGER, mode: 'test', credits: 1_000_000, grantKey: 'welcome' } as const;
    await credits.grant(database, grant);
    const key = formatApiKey('test', randomBytes(apiKeyRandomBytes));
    await keys.register(database, {
      accountId: STRANGER,
      mode: 'test',
      name: 'stranger',
      hash: hashKey(key),
      last4: key.slice(-4),
      scopes: SCOPES,
    });
    return key;
  } finally {
    await database.close();
  }
}

/** The second account asks for everything of these runs, which are not its own. */
export async function askAsStranger(
  chaos: ChaosSystem,
  key: string,
  runs: readonly { readonly executionId: string }[],
): Promise<readonly ForeignAnswer[]> {
  const answers: ForeignAnswer[] = [];
  for (const { executionId } of runs) {
    const base = `/api/v1/workflows/executions/${executionId}`;
    const asks = [
      ['GET', base],
      ['GET', `${base}/poll`],
      ['POST', `${base}/cancel`],
      ['POST', `${base}/resume`],
    ] as const;
    for (const [method, path] of asks) {
      const headers = { authorization: `Bearer ${key}` };
      const { status } = await fetch(`${chaos.system.urls.api}${path}`, { method, headers });
      answers.push({ executionId, path: `${method} ${path}`, status });
    }
  }
  return answers;
}
