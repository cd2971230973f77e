import { toCredits } from '../../../pipeline/price';
import type { ExecutionRow, Violation } from '../evidence/evidence';
import type { Books } from './books';
import { paidElsewhere } from './results';

/** C1 and C2: nothing is lost between the accounts, and we charge what the providers bill. */
export function checkMoney(books: Books): Violation[] {
  const { executions, balances } = books.evidence.database;
  return [
    ...executions.flatMap((execution) => isClosed(books, execution)),
    ...balances.flatMap((balance) => addsUp(books, balance)),
    ...chargedOnce(books),
    ...chargedAsBilled(books),
  ];
}

/** C1: after the end, held = charged + released, and the entries say the same. */
function isClosed({ evidence }: Books, execution: ExecutionRow): Violation[] {
  const { id: executionId, credits_held, credits_charged, credits_released, status } = execution;
  const isOpen = status === 'RUNNING' || status === 'WAITING';
  const sum = (kind: string) =>
    evidence.database.entries
      .filter((entry) => entry.execution_id === executionId && entry.kind === kind)
      .reduce((total, entry) => total + entry.amount, 0);
  const booked = { held: sum('hold'), charged: sum('charge'), released: sum('release') };
  const isBooked =
    booked.held === credits_held &&
    booked.charged === credits_charged &&
    booked.released === credits_released;
  const left = credits_held - credits_charged - credits_released;
  if (isBooked && (isOpen ? left >= 0 : left === 0)) return [];
  const row = `held ${credits_held}, charged ${credits_charged}, released ${credits_released}`;
  const evidenceText = `${status}: ${row}; entries: ${JSON.stringify(booked)}`;
  return [{ invariant: 'C1', executionId, evidence: evidenceText }];
}

/** C1: a balance is the sum of its entries and never negative. */
function addsUp(
  { evidence }: Books,
  balance: Books['evidence']['database']['balances'][number],
): Violation[] {
  const own = evidence.database.entries.filter(
    (entry) => entry.account_id === balance.account_id && entry.mode === balance.mode,
  );
  const at = (place: string): number =>
    own.reduce(
      (total, { debit_from, credit_to, amount }) =>
        total + (credit_to === place ? amount : 0) - (debit_from === place ? amount : 0),
      0,
    );
  const isRight = at('available') === balance.available && at('held') === balance.held;
  if (isRight && balance.available >= 0 && balance.held >= 0) return [];
  const said = `${balance.account_id} ${balance.mode}: available ${balance.available}, held ${balance.held}`;
  const sums = `entries say ${at('available')} and ${at('held')}`;
  return [{ invariant: 'C1', executionId: undefined, evidence: `${said}; ${sums}` }];
}

/** C1: one charge a job. */
function chargedOnce({ evidence }: Books): Violation[] {
  const charges = evidence.database.entries.filter(({ kind }) => kind === 'charge');
  return charges
    .filter((entry, index) => charges.findIndex(({ job_id }) => job_id === entry.job_id) !== index)
    .map((entry) => ({
      invariant: 'C1',
      executionId: entry.execution_id ?? undefined,
      jobId: entry.job_id ?? undefined,
      evidence: `charged again: ${entry.amount} credits`,
    }));
}

/** C2: what a job is charged is what its provider bills, to the credit. */
function chargedAsBilled(books: Books): Violation[] {
  const accepted = books.byJob((job) => job.id);
  return books.evidence.database.jobs.flatMap((job) => {
    const elsewhere = paidElsewhere(books, job);
    if (elsewhere === 'late' || elsewhere === 'raised to a human' || elsewhere === 'superseded') return [];
    const billed = (accepted.get(job.id) ?? []).filter(({ end }) => end?.billed === true);
    const credits = billed.reduce((sum, { end }) => sum + toCredits(end?.priceUsd ?? 0), 0);
    if (credits === job.credits_charged) return [];
    return [
      {
        invariant: 'C2',
        executionId: job.execution_id,
        jobId: job.id,
        evidence: `${job.provider} bills ${credits} credits, charged are ${job.credits_charged}; the job is ${job.state}`,
      },
    ];
  });
}
