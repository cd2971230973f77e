import { sql } from 'kysely';
import type { NodeOutputs } from '../../../workflows/contract';
import { failpoint } from '../../failpoints';
import { chargeJob } from '../credits';
import { refreshNodeCosts, updateNodes } from '../executions/update-nodes';
import type { WriteContext } from '../executions/write-context';
import { toNullableJson } from '../json';
import { JobStateError, type Job, type SettledJob, type Settlement } from './job';
import { jobColumns, toJob } from './job-row';
import { moveJob } from './job-transition';
import { appendSend } from './record-send';

/**
 * Ends a job well: state, charge and node row in one transaction. Whoever has the result may settle, claim or not: the
 * provider has been paid for it. Once is enough, a later call answers the first result.
 */
export async function settleJob(
  context: WriteContext,
  jobId: string,
  settlement: Settlement,
): Promise<SettledJob> {
  const given = toNullableJson(settlement.outputs);
  const settled = await moveJob(context, {
    jobId,
    from: ['SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED'],
    set: {
      state: 'SETTLED',
      outputs: sql<string>`coalesce(${given}::json, outputs)`,
      stored_at: sql<Date>`coalesce(stored_at, now())`,
      settled_at: sql<Date>`now()`,
      lease_until: null,
      failure: null,
    },
  });
  if (settled === undefined) return readSettled(context, jobId);
  if (settlement.send) await appendSend(context, { jobId, ...settlement.send });
  const credits = await chargeJob(context.transaction, settled, settlement.credits);
  if (credits > 0) context.changes.hasOther = true;
  failpoint('settle.before_commit');
  return completeNode(context, { ...settled, creditsCharged: credits });
}

/** Also when the job was adopted: the node of this attempt may not know it yet. */
async function completeNode(context: WriteContext, job: Job, isFirst = true): Promise<SettledJob> {
  const outputs = requireOutputs(job);
  await updateNodes(context, [
    {
      nodeId: job.nodeId,
      step: job.step,
      status: 'COMPLETED',
      outputs,
      provider: job.provider,
      model: job.model,
      fallbackFrom: job.fallbackFrom,
    },
  ]);
  const { attempts } = await refreshNodeCosts(context, job.step);
  return { job, outputs, credits: job.creditsCharged, attempts, isFirst };
}

async function readSettled(context: WriteContext, jobId: string): Promise<SettledJob> {
  const row = await context.transaction
    .selectFrom('jobs')
    .select(jobColumns)
    .where('id', '=', jobId)
    .where('execution_id', '=', context.execution.id)
    .executeTakeFirst();
  if (row?.state !== 'SETTLED') {
    throw new JobStateError(`job ${jobId} cannot be settled: it is ${row?.state ?? 'not of this execution'}`);
  }
  return completeNode(context, toJob(row), false);
}

function requireOutputs(job: Job): NodeOutputs {
  if (job.outputs === null) throw new JobStateError(`job ${job.id} cannot be settled without outputs`);
  return job.outputs;
}
