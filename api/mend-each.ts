import type { ApiDependencies } from './dependencies';
import { isDatabaseAway } from './is-database-away';
import { PreviousRunOpenError, TemporalUnavailableError } from './temporal-executions';

/** One that cannot be mended keeps no other from it. @returns whether all were */
export async function mendEach<T extends { readonly executionId: string }>(
  { logger }: Pick<ApiDependencies, 'logger'>,
  found: readonly T[],
  mend: (one: T) => Promise<void>,
): Promise<boolean> {
  let areAllMended = true;
  for (const one of found) {
    try {
      await mend(one);
    } catch (error) {
      if (error instanceof TemporalUnavailableError || isDatabaseAway(error)) throw error;
      areAllMended = false;
      const level = error instanceof PreviousRunOpenError ? 'info' : 'error';
      logger[level](
        { error, executionId: one.executionId },
        'An execution cannot be mended yet; the next sweep tries again.',
      );
    }
  }
  return areAllMended;
}
