import { sql } from 'kysely';
import type { Kysely, Migration } from 'kysely';

/** A batch shows what its items cost: also what is charged once they have ended, so that nobody keeps an old sum. */
export const lateCharges: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql.raw(lateChargeOfItem).execute(database);
  },
};

const lateChargeOfItem = `
-- Before the charge, and so before it locks the balance: item, batch, balance.
create function tell_batch_of_late_charge() returns trigger language plpgsql as $$
begin
  perform record_event(new.parent_id, 'changed', '{}');
  return new;
end $$;
create trigger executions_late_charge before update of credits_charged on executions
for each row when (new.parent_id is not null and new.status not in ('RUNNING', 'WAITING')
  and old.status = new.status and old.credits_charged <> new.credits_charged)
execute function tell_batch_of_late_charge();
`;
