import { executions } from '../store/database/executions';
import { ApiError } from './api-error';
import { resume, type ResumeContext } from './routes/resume-execution';

/**
 * Lets executions go on whose send of unknown fate has become known while they waited: nobody needs to be asked any more,
 * and nothing is sent again.
 */
export async function resumeTold(dependencies: ResumeContext['dependencies']): Promise<void> {
  const { database, logger } = dependencies;
  for (const { executionId, ...caller } of await executions.toldMeanwhile(database)) {
    try {
      await resume(executionId, {}, () => undefined, { caller, dependencies });
      logger.info({ executionId }, 'The fate of a send became known; its execution goes on.');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // The user was first, or has too few credits: it waits for them as before.
      logger.debug({ executionId, code: error.code }, 'An execution cannot go on yet.');
    }
  }
}
