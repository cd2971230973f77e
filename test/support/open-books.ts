import { sql } from 'kysely';
import { openDatabase } from '../../store/database/database';

/**
 * Faults of the books, none when they are closed: every execution that has ended has held = charged + released, its entries
 * say the same, and each balance is the sum of its entries.
 */
export async function openBooks(databaseUrl: string): Promise<readonly object[]> {
  const database = openDatabase(databaseUrl, { poolMax: 1 });
  try {
    const executions = await sql<object>`
      select e.id, e.status, e.credits_held, e.credits_charged, e.credits_released, s.held, s.charged, s.released
      from executions e
      cross join lateral (
        select coalesce(sum(amount) filter (where kind = 'hold'), 0) as held,
          coalesce(sum(amount) filter (where kind = 'charge'), 0) as charged,
          coalesce(sum(amount) filter (where kind = 'release'), 0) as released
        from credit_entries c where c.execution_id = e.id
      ) s
      where (e.status not in ('RUNNING', 'WAITING') and e.credits_held <> e.credits_charged + e.credits_released)
        or (e.credits_held, e.credits_charged, e.credits_released) is distinct from (s.held, s.charged, s.released)
    `.execute(database.queries);
    const balances = await sql<object>`
      select b.account_id, b.mode, b.available, b.held, s.available as entries_available, s.held as entries_held
      from credit_balances b
      cross join lateral (
        select coalesce(sum(case when credit_to = 'available' then amount when debit_from = 'available' then -amount end), 0)
            as available,
          coalesce(sum(case when credit_to = 'held' then amount when debit_from = 'held' then -amount end), 0) as held
        from credit_entries c where c.account_id = b.account_id and c.mode = b.mode
      ) s
      where (b.available, b.held) is distinct from (s.available, s.held)
    `.execute(database.queries);
    return [...executions.rows, ...balances.rows];
  } finally {
    await database.close();
  }
}
