import { z } from 'zod';
import type { ApiDependencies } from '../dependencies';
import type { PlannedMigration } from '../migrate-executions';
import { createReceipt, resumeReceiptSchema } from '../routes/resume-execution';

export const migrationReasonSchema = z
  .object({
    code: z.string().describe('Stable; branch on this.'),
    nodeId: z.string().optional().describe('The step that it is about.'),
    message: z.string(),
  })
  .meta({ id: 'MigrationReason' });

/** What becomes of the executions that run or wait on other versions. */
export const migrationSchema = z
  .object({
    qualifies: z
      .array(z.object({ fromVersion: z.number().nullable(), receipt: resumeReceiptSchema }))
      .describe(
        'They go on with the version, once what is in flight has ended; what finishes until then is kept too.',
      ),
    stays: z
      .array(
        z.object({
          executionId: z.string(),
          fromVersion: z.number().nullable(),
          reasons: z.array(migrationReasonSchema),
        }),
      )
      .describe('They finish on their version.'),
    complete: z.boolean().describe('False: there are more than 1000; publish again to look at the others.'),
  })
  .meta({ id: 'WorkflowMigration' });

export function presentMigrations(
  planned: readonly PlannedMigration[],
  complete: boolean,
  dependencies: Pick<ApiDependencies, 'settings'>,
): z.infer<typeof migrationSchema> {
  const qualifies = planned.flatMap(({ detail, plan }) => {
    if (plan.kind === 'stays') return [];
    const { id, version: fromVersion } = detail.execution;
    return [{ fromVersion, receipt: createReceipt(id, plan.resume, { dependencies }) }];
  });
  const stays = planned.flatMap(({ detail, plan }) => {
    if (plan.kind === 'qualifies') return [];
    const { id: executionId, version: fromVersion } = detail.execution;
    return [{ executionId, fromVersion, reasons: [...plan.reasons] }];
  });
  return { qualifies, stays, complete };
}
