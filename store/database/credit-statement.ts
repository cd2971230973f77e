import { sql } from 'kysely';
import type { Mode } from '../../workflows/contract';
import { credits, grantPostingKey, type CreditBalance, type CreditGrant } from './credits';
import type { Database } from './database';

/** Where all that was ever granted is: granted = available + held + charged. Credits. */
export interface CreditStatement extends CreditBalance {
  readonly granted: number;
  readonly charged: number;
}

export interface GrantedCredits {
  readonly id: string;
  readonly credits: number;
  readonly createdAt: Date;
  /** It was granted before, by the same key. */
  readonly isRepeat: boolean;
}

/** What the owner of an account sees of its money, and how more of it comes in. */
export const creditStatement = {
  /** By one statement, so that it adds up. */
  async read(database: Database, accountId: string, mode: Mode): Promise<CreditStatement> {
    const { rows } = await sql<CreditBalance & { readonly granted: number }>`
      select coalesce(b.available, 0) as available, coalesce(b.held, 0) as held, g.granted
      from (
        select coalesce(sum(amount), 0)::bigint as granted from credit_entries
        where account_id = ${accountId} and mode = ${mode} and kind = 'grant'
      ) as g
      left join credit_balances b on b.account_id = ${accountId} and b.mode = ${mode}
    `.execute(database.queries);
    const { available, held, granted } = rows[0] ?? { available: 0, held: 0, granted: 0 };
    return { available, held, granted, charged: granted - available - held };
  },

  /** Adds credits once per `grantKey`. @returns what was granted first by that key, perhaps another amount */
  async topUp(database: Database, grant: CreditGrant): Promise<GrantedCredits> {
    const before = await findGrant(database, grant);
    if (before !== undefined) return { ...before, isRepeat: true };
    await credits.grant(database, grant);
    const granted = await findGrant(database, grant);
    if (granted === undefined) throw new Error(`grant ${grant.grantKey} was not written`);
    return { ...granted, isRepeat: false };
  },
} as const;

async function findGrant(
  database: Database,
  { accountId, mode, grantKey }: CreditGrant,
): Promise<Omit<GrantedCredits, 'isRepeat'> | undefined> {
  const row = await database.queries
    .selectFrom('credit_entries')
    .select(['id', 'amount', 'created_at'])
    .where('posting_key', '=', grantPostingKey({ accountId, mode, grantKey }))
    .executeTakeFirst();
  return row && { id: row.id, credits: row.amount, createdAt: row.created_at };
}
