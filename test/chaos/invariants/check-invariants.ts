import type { Evidence, Violation } from '../evidence/evidence';
import { Books } from './books';
import { checkIsolation } from './isolation';
import { checkLiveness } from './liveness';
import { checkMoney } from './money';
import { checkPaidOnce } from './paid-once';
import { checkResults, paidElsewhere, type PaidElsewhere } from './results';
import { checkStates } from './states';

export interface Verdict {
  readonly violations: readonly Violation[];
  /** How many paid jobs are in the explicit list of R1, by reason. */
  readonly paidElsewhere: Readonly<Partial<Record<PaidElsewhere, number>>>;
}

/** Holds the four witnesses against one another; see docs/reliability.md for what each invariant says. */
export function checkInvariants(evidence: Evidence): Verdict {
  const books = new Books(evidence);
  const checks = [checkPaidOnce, checkResults, checkMoney, checkStates, checkIsolation, checkLiveness];
  const elsewhere: Partial<Record<PaidElsewhere, number>> = {};
  for (const { job, end } of books.accepted) {
    const reason = job && end?.billed === true ? paidElsewhere(books, job) : undefined;
    if (reason !== undefined) elsewhere[reason] = (elsewhere[reason] ?? 0) + 1;
  }
  return { violations: checks.flatMap((check) => check(books)), paidElsewhere: elsewhere };
}

/** One line each, for a failed test. */
export function describeViolations(violations: readonly Violation[]): string[] {
  return violations.map(
    ({ invariant, executionId = '-', jobId = '-', evidence }) =>
      `${invariant} run ${executionId} job ${jobId}: ${evidence}`,
  );
}
