import { z } from 'zod';

/** What a replay found; the replay's process gives it to the command line. */
export const replayReportSchema = z.object({
  executionId: z.string(),
  /** Of Everframe: that wrote the bundle, and that replayed it. */
  releases: z.object({ recorded: z.string(), replayed: z.string() }),
  /** In the order in which they ran. */
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      nodeType: z.string(),
      /** Where its result came from in the replay. */
      source: z.enum(['value', 'computed', 'recorded', 'none']),
      /** `not_compared`: it did not complete in the execution, so there is nothing to compare with. */
      verdict: z.enum(['equal', 'different', 'not_compared']),
      /** By port; null on a side that has no such output. */
      outputs: z.array(
        z.object({ port: z.string(), recorded: z.string().nullable(), replayed: z.string().nullable() }),
      ),
      /** Why it differs or was not compared. */
      reason: z.string().nullable(),
    }),
  ),
  /** Something was compared and all of it was equal. */
  isEqual: z.boolean(),
  /** Id of the first node that differs: what comes after it may differ for its sake. */
  firstDifference: z.string().nullable(),
});

export type ReplayReport = z.infer<typeof replayReportSchema>;
export type ReplayedNode = ReplayReport['nodes'][number];
