import { sha256 } from '../../../sandbox/core/canonical-json';
import type { AssetReference, NodeOutputs } from '../../../workflows/contract';
import type { JobRow, Violation } from '../evidence/evidence';
import type { AcceptedJob, Books } from './books';

/** Why a paid result need not be among the outputs of its run. */
export type PaidElsewhere = 'unavailable' | 'cancelled' | 'superseded' | 'late' | 'raised to a human';

/** R1–R3: a paid result is kept, whole, and stays what it was. */
export function checkResults(books: Books): Violation[] {
  return [
    ...books.accepted.flatMap((accepted) => isKept(books, accepted)),
    ...hasBytes(books),
    ...hasRow(books),
    ...staysAsShown(books),
  ];
}

/** The explicit list of R1. Undefined: the result must be in the outputs of its run. */
export function paidElsewhere({ executions, evidence }: Books, job: JobRow): PaidElsewhere | undefined {
  const execution = executions.get(job.execution_id);
  const code = job.failure?.code;
  if (job.state === 'FAILED' && (code === 'paid_result_unavailable' || code === 'provider_response_invalid'))
    return 'unavailable';
  if (job.state === 'CANCELLED' && execution?.cancel_requested_at) return 'cancelled';
  if (job.state === 'SUPERSEDED') return 'superseded';
  if (job.state === 'ACCEPTED' && execution?.status !== 'COMPLETED') return 'late';
  const called = evidence.database.callbacks.some((callback) => callback.job_id === job.id);
  const isRaised =
    isRaisedToAHuman(evidence.database.nodes, job) && evidence.mustBeKnown?.has(job.execution_id) !== true;
  return job.state === 'UNKNOWN' && isRaised && !called && hasNoSafety(job.provider)
    ? 'raised to a human'
    : undefined;
}

/** The node failed and says that nobody can tell. */
export function isRaisedToAHuman(nodes: Books['evidence']['database']['nodes'], job: JobRow): boolean {
  const node = nodes.find((row) => row.execution_id === job.execution_id && row.step === job.step);
  return node?.error?.code === 'submission_unknown';
}

function hasNoSafety(provider: string): boolean {
  return provider !== 'chaos-idempotent' && provider !== 'chaos-lookup';
}

/** R1 */
function isKept(books: Books, { entry, job, end }: AcceptedJob): Violation[] {
  if (end?.billed !== true || job === undefined || paidElsewhere(books, job) !== undefined) return [];
  const node = books.evidence.database.nodes.find(
    (row) => row.execution_id === job.execution_id && row.step === job.step,
  );
  const kept = hashesOf(node?.outputs ?? {});
  const missing = (end.outputs ?? []).filter((hash) => !kept.includes(hash));
  if (job.state === 'SETTLED' && missing.length === 0) return [];
  return [
    {
      invariant: 'R1',
      executionId: job.execution_id,
      jobId: job.id,
      evidence: `${entry.provider} made ${missing.length} files that the run does not have; the job is ${job.state}`,
    },
  ];
}

function hashesOf(outputs: NodeOutputs): readonly string[] {
  return Object.values(outputs).flatMap((value) =>
    isAsset(value) ? [value.sha256] : typeof value === 'string' ? [sha256(value)] : [],
  );
}

function isAsset(value: unknown): value is AssetReference {
  return typeof value === 'object' && value !== null && 'sha256' in value;
}

/** R2: each row has its bytes. */
function hasBytes({ evidence }: Books): Violation[] {
  return evidence.database.assets.flatMap((asset) => {
    const file = evidence.files.find(
      ({ accountId, sha256: name }) => accountId === asset.account_id && name === asset.sha256,
    );
    if (file?.bytes === asset.bytes && file.actualSha256 === asset.sha256) return [];
    const job = evidence.database.jobs.find(({ id }) => id === asset.source_job_id);
    const found = file === undefined ? 'no file' : `${file.bytes} bytes with hash ${file.actualSha256}`;
    return [
      {
        invariant: 'R2',
        executionId: job?.execution_id,
        jobId: job?.id,
        evidence: `asset ${asset.id} of ${asset.bytes} bytes, hash ${asset.sha256}, has ${found}`,
      },
    ];
  });
}

/** R2: each file has a row. */
function hasRow({ evidence }: Books): Violation[] {
  const known = new Set(evidence.database.assets.map((asset) => `${asset.account_id}/${asset.sha256}`));
  return evidence.files
    .filter((file) => !known.has(`${file.accountId}/${file.sha256}`))
    .map((file) => ({
      invariant: 'R2',
      executionId: undefined,
      evidence: `file ${file.sha256} of ${file.accountId} has no row`,
    }));
}

/** R3: an output that a caller has seen is the same in every later view and in the end. */
function staysAsShown({ evidence }: Books): Violation[] {
  return evidence.clients.flatMap(({ executionId, views }) => {
    const shown = new Map<string, string>();
    const changed: string[] = [];
    for (const [nodeId, node] of views.flatMap((view) => Object.entries(view.nodes))) {
      const hashes = hashesOf(node.output as NodeOutputs).join();
      const before = shown.get(nodeId);
      if (before !== undefined && before !== hashes) changed.push(nodeId);
      if (node.status === 'COMPLETED') shown.set(nodeId, hashes);
    }
    return changed.map((nodeId) => ({
      invariant: 'R3',
      executionId,
      evidence: `the output of ${nodeId} changed after it was shown`,
    }));
  });
}
