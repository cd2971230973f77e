import { sql } from 'kysely';
import type { Database } from './database';

export type PromptKind = 'prompt' | 'negative';

/** A text that the graphs of an account share. */
export interface SharedPrompt {
  readonly name: string;
  /** `prompt`: `${prompts.name}` in a graph. `negative`: appended to every negative prompt. */
  readonly kind: PromptKind;
  readonly text: string;
  readonly updatedAt: Date;
}

/** Of one account, so that reading all of them stays cheap. */
export const PROMPTS_MAX = 500;

export const prompts = {
  /** By name. */
  async list(database: Database, accountId: string): Promise<readonly SharedPrompt[]> {
    return database.queries
      .selectFrom('prompts')
      .select(['name', 'kind', 'text', 'updated_at as updatedAt'])
      .where('account_id', '=', accountId)
      .orderBy('name')
      .limit(PROMPTS_MAX)
      .execute();
  },

  /** Writes it anew or over; a new one above {@link PROMPTS_MAX} is refused. @returns false then */
  async put(
    database: Database,
    accountId: string,
    prompt: Pick<SharedPrompt, 'name' | 'kind' | 'text'>,
  ): Promise<boolean> {
    const { name, kind, text } = prompt;
    const { rows } = await sql`
      insert into prompts (account_id, name, kind, text)
      select ${accountId}, ${name}, ${kind}, ${text}
      where exists (select 1 from prompts where account_id = ${accountId} and name = ${name})
        or (select count(*) from prompts where account_id = ${accountId}) < ${PROMPTS_MAX}::int
      on conflict (account_id, name) do update set kind = excluded.kind, text = excluded.text, updated_at = now()
      returning name`.execute(database.queries);
    return rows.length > 0;
  },

  /** @returns false when there is none of that name */
  async remove(database: Database, accountId: string, name: string): Promise<boolean> {
    const removed = await database.queries
      .deleteFrom('prompts')
      .where('account_id', '=', accountId)
      .where('name', '=', name)
      .returning('name')
      .executeTakeFirst();
    return removed !== undefined;
  },
} as const;
