import type { Database } from '../database';
import type { ResumeRequest, ResumeResult } from './execution';

/**
 * FAILED or CANCELLED → RUNNING with attempt + 1, no Temporal run yet and a requested start; rows of the plan's nodes are
 * PENDING again except the reused ones. Exactly one of racing resumes wins; the others get `conflict`.
 */
export async function prepareResume(database: Database, request: ResumeRequest): Promise<ResumeResult> {
  throw new Error('being built');
}
