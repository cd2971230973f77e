import { digestOf } from '../digest-of';
import { newId } from '../ids';
import { sealSecret } from '../secret-box';
import type { Mode } from '../../workflows/contract';
import type { Database, Queries } from './database';

/**
 * `provider`: the account's own key at a provider, several per provider. `delivery:…`: a secret by its name, for deliveries
 * of executions of that mode; its label says where it may go.
 */
export type SecretKind = 'provider' | `delivery:${Mode}`;

export function deliveryKind(mode: Mode): SecretKind {
  return `delivery:${mode}`;
}

/** A secret of an account, without the secret. */
export interface AccountSecret {
  readonly id: string;
  /** Within its kind: the provider that a key is for. */
  readonly name: string;
  /** The user's words. */
  readonly label: string;
  /** Of a provider's key the same for the same one, wherever it comes from. */
  readonly digest: string;
  /** To know it by; empty for a short one. */
  readonly last4: string;
  readonly createdAt: Date;
}

export interface NewAccountSecret {
  readonly accountId: string;
  readonly kind: SecretKind;
  readonly name: string;
  readonly label: string;
  readonly secret: string;
}

/** Of a shorter one four characters would be too large a part. */
const SHOWN_FROM_LENGTH = 16;

function endOf(secret: string): string {
  return secret.length < SHOWN_FROM_LENGTH ? '' : secret.slice(-4);
}

export interface SealedAccountSecret extends AccountSecret {
  readonly sealed: string;
}

/** A worker asks anew for an account's keys at providers after this long, milliseconds. */
export const PROVIDER_KEYS_FRESH_MS = 2_000;
/** Of one name of one account. */
export const SECRETS_PER_NAME_MAX = 10;
/** Of one kind of one account, where each name has one. */
export const NAMES_MAX = 100;

export const accountSecrets = {
  /**
   * Keeps a secret, encrypted. The same one again is the one that is there, with the new label.
   *
   * @param keys - The process's own secrets; the first seals.
   * @returns undefined when the name has `SECRETS_PER_NAME_MAX` others
   */
  async add(
    database: Database,
    keys: readonly string[],
    secret: NewAccountSecret,
  ): Promise<AccountSecret | undefined> {
    const { accountId, kind, name, label } = secret;
    const names = { account_id: accountId, kind, name, digest: digestOf(secret.secret) };
    const content = { label, sealed: sealSecret(keys, secret.secret), last4: endOf(secret.secret) };
    return database.queries.transaction().execute(async (transaction) => {
      await lockAccount(transaction, accountId);
      const others = await selectSecrets(transaction, accountId, kind)
        .where('name', '=', name)
        .where('digest', '!=', names.digest)
        .execute();
      if (others.length >= SECRETS_PER_NAME_MAX) return undefined;
      const row = await transaction
        .insertInto('account_secrets')
        .values({ id: newId('sec'), ...names, ...content })
        // Sealed anew: the secret that sealed it before may be gone.
        .onConflict((conflict) =>
          conflict.columns(['account_id', 'kind', 'name', 'digest']).doUpdateSet(content),
        )
        .returning(SHOWN)
        .executeTakeFirstOrThrow();
      return toSecret(row);
    });
  },

  /** As `add`, in the place of what had the name. @returns undefined when the account has `NAMES_MAX` others */
  async replace(
    database: Database,
    keys: readonly string[],
    secret: NewAccountSecret,
  ): Promise<AccountSecret | undefined> {
    const { accountId, kind, name, label } = secret;
    const content = { label, sealed: sealSecret(keys, secret.secret), last4: endOf(secret.secret) };
    return database.queries.transaction().execute(async (transaction) => {
      await lockAccount(transaction, accountId);
      const others = await selectSecrets(transaction, accountId, kind).where('name', '!=', name).execute();
      if (others.length >= NAMES_MAX) return undefined;
      await transaction
        .deleteFrom('account_secrets')
        .where('account_id', '=', accountId)
        .where('kind', '=', kind)
        .where('name', '=', name)
        .execute();
      const id = newId('sec');
      // Nobody compares these, and a digest would let whoever has the table try short ones out.
      const row = await transaction
        .insertInto('account_secrets')
        .values({ id, account_id: accountId, kind, name, ...content, digest: digestOf(id) })
        .returning(SHOWN)
        .executeTakeFirstOrThrow();
      return toSecret(row);
    });
  },

  /** @returns false when the account has none of the name */
  async deleteNamed(database: Database, accountId: string, kind: SecretKind, name: string): Promise<boolean> {
    const { numDeletedRows } = await database.queries
      .deleteFrom('account_secrets')
      .where('account_id', '=', accountId)
      .where('kind', '=', kind)
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  },

  /** By name, then oldest first. */
  async list(database: Database, accountId: string, kind: SecretKind): Promise<readonly AccountSecret[]> {
    return (await selectSecrets(database.queries, accountId, kind).execute()).map(toSecret);
  },

  /** As `list`, with the secrets themselves as they were sealed. */
  async listSealed(
    database: Database,
    accountId: string,
    kind: SecretKind,
  ): Promise<readonly SealedAccountSecret[]> {
    const rows = await selectSecrets(database.queries, accountId, kind).select('sealed').execute();
    return rows.map((row) => ({ ...toSecret(row), sealed: row.sealed }));
  },

  /** Nothing of it is kept. @returns false when the account has no such secret */
  async delete(database: Database, accountId: string, kind: SecretKind, id: string): Promise<boolean> {
    const { numDeletedRows } = await database.queries
      .deleteFrom('account_secrets')
      .where('id', '=', id)
      .where('account_id', '=', accountId)
      .where('kind', '=', kind)
      .executeTakeFirstOrThrow();
    return numDeletedRows > 0n;
  },
} as const;

/** Two that come at once are counted one after the other. */
async function lockAccount(queries: Queries, accountId: string): Promise<void> {
  await queries
    .selectFrom('accounts')
    .select('id')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
}

const SHOWN = ['id', 'name', 'label', 'digest', 'last4', 'created_at'] as const;

function selectSecrets(queries: Queries, accountId: string, kind: SecretKind) {
  return queries
    .selectFrom('account_secrets')
    .select(SHOWN)
    .where('account_id', '=', accountId)
    .where('kind', '=', kind)
    .orderBy('name')
    .orderBy('id');
}

type SecretRow = Awaited<ReturnType<ReturnType<typeof selectSecrets>['executeTakeFirstOrThrow']>>;

function toSecret({ created_at: createdAt, id, name, label, digest, last4 }: SecretRow): AccountSecret {
  return { id, name, label, digest, last4, createdAt };
}
