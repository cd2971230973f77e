import { batches } from '../../store/database/batches';
import { executions } from '../../store/database/executions';
import { ApiError } from '../api-error';
import { mendEach } from '../mend-each';
import { resume, type ResumeContext } from '../routes/resume-execution';

/**
 * Ends items that a batch had opened and never started before it ended, and completes batches that had failed for their
 * items alone once those are done, by redrives or resumes of their own: a run of such a batch finds nothing to do.
 */
export async function mendBatches(dependencies: ResumeContext['dependencies']): Promise<void> {
  const { database, logger } = dependencies;
  await mendEach(dependencies, await batches.orphans(database), async ({ executionId }) => {
    await executions.closeFromTemporal(database, { executionId, runId: null, status: 'CANCELLED' });
    logger.info({ executionId }, 'An item was ended that its batch had never started.');
  });
  await mendEach(dependencies, await batches.dueCompletions(database), async ({ executionId, ...caller }) => {
    try {
      await resume(executionId, {}, () => undefined, { caller, dependencies });
      logger.info({ executionId }, 'The last items of a batch are done; it completes.');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // It stays due while Temporal is away.
      if (error.status >= 500) return;
      logger.debug({ executionId, code: error.code }, 'A batch was resumed by somebody else.');
    }
    await batches.completionBegun(database, executionId);
  });
}
