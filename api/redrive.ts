import { deadLetters } from '../store/database/dead-letters';
import type { DeadLetter, DueRedrive } from '../store/database/dead-letters/dead-letter';
import { ApiError } from './api-error';
import { isDatabaseAway } from './is-database-away';
import { TemporalUnavailableError } from './temporal-executions';
import { previewResume, resume, type ResumeContext, type ResumeReceipt } from './routes/resume-execution';

/** Executions that one sweep lets go on; the next sweep follows within seconds. */
const BATCH = 25;
/** Receipts that are made at once. */
const CONCURRENCY = 8;

/** What a redrive would do with one execution; several of its letters are one resume. */
export interface PlannedRedrive {
  readonly executionId: string;
  readonly letterIds: readonly string[];
  /** Null where it cannot go on. */
  readonly receipt: ResumeReceipt | null;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}

/** Makes the receipt of each execution that the letters belong to, in the order of the letters. Starts nothing. */
export async function planRedrive(
  letters: readonly DeadLetter[],
  context: ResumeContext,
): Promise<readonly PlannedRedrive[]> {
  const byExecution = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    byExecution.set(letter.executionId, [...(byExecution.get(letter.executionId) ?? []), letter]);
  }
  const groups = [...byExecution];
  const planned: PlannedRedrive[] = [];
  for (let from = 0; from < groups.length; from += CONCURRENCY) {
    const some = groups.slice(from, from + CONCURRENCY);
    planned.push(...(await Promise.all(some.map(([id, own]) => planOne(id, own, context)))));
  }
  return planned;
}

async function planOne(
  executionId: string,
  letters: readonly DeadLetter[],
  context: ResumeContext,
): Promise<PlannedRedrive> {
  const letterIds = letters.map(({ id }) => id);
  try {
    return { executionId, letterIds, receipt: await previewResume(executionId, {}, context), refusal: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message } = error;
    return { executionId, letterIds, receipt: null, refusal: { code, message } };
  }
}

/**
 * Lets executions go on whose planned redrive is due. The plan is in the database, so it survives restarts; each one goes
 * on in a transaction of its own, so a crash in between repeats nothing. What cannot go on is told at its letters.
 */
export async function beginDueRedrives(dependencies: ResumeContext['dependencies']): Promise<void> {
  for (const due of await deadLetters.dueRedrives(dependencies.database, BATCH)) {
    await beginOne(due, dependencies);
  }
}

async function beginOne(due: DueRedrive, dependencies: ResumeContext['dependencies']): Promise<void> {
  const { accountId, mode, executionId, redriveId } = due;
  try {
    await resume(executionId, {}, () => undefined, { caller: { accountId, mode }, dependencies });
    dependencies.logger.info({ executionId, redriveId }, 'A redrive let an execution go on.');
  } catch (error) {
    if (error instanceof TemporalUnavailableError || isDatabaseAway(error)) throw error;
    if (!(error instanceof ApiError) || error.status >= 500) {
      // It stays due, be it that Temporal is away for a moment; the others must not wait for it.
      dependencies.logger.error({ error, executionId, redriveId }, 'A redrive could not begin.');
      return;
    }
    const { code, message } = error;
    await deadLetters.refuseRedrive(dependencies.database, due, { code, message });
    dependencies.logger.info({ executionId, redriveId, code }, 'A redrive was refused.');
  }
}
