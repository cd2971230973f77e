import { canonicalJson, sha256 } from '../../../sandbox/core/canonical-json';
import type { JobRow, Violation } from '../evidence/evidence';
import { type Books, stepOf, type AcceptedJob } from './books';

/** Clocks of one machine, one cut to milliseconds and one rounded. */
const CLOCK_MS = 2;
const OVER = new Set(['REJECTED', 'FAILED', 'CANCELLED', 'SUPERSEDED']);

type Known = AcceptedJob & { readonly job: JobRow };

/** P1–P6: what was asked for once is made and paid once. */
export function checkPaidOnce(books: Books): Violation[] {
  return [
    ...books.accepted.flatMap(hasIntent),
    ...[...books.byJob((job) => job.id).values()].flatMap((jobs) => [
      ...acceptedOnce(jobs),
      ...sameBody(jobs),
    ]),
    ...[...books.byJob(stepOf).values()].flatMap((jobs) => [
      ...eachGenerationHasAReason(jobs),
      ...oneProviderAtATime(jobs),
      ...notAfterTheEnd(books, jobs),
    ]),
    ...completedOnce(books),
  ];
}

function violation(invariant: string, { job, entry }: AcceptedJob, evidence: string): Violation {
  return {
    invariant,
    executionId: job?.execution_id,
    jobId: job?.id,
    evidence: `${evidence} (${entry.provider} job ${entry.jobId ?? '?'}, ledger line ${entry.seq})`,
  };
}

/** P1: one row, one job at the provider. */
function acceptedOnce(jobs: readonly Known[]): Violation[] {
  return jobs.slice(1).map((job) => violation('P1', job, `accepted ${jobs.length} times`));
}

/** P2: no more jobs of a step than generations, and each of those for a reason; without a word, one is paid at most. */
function eachGenerationHasAReason(jobs: readonly Known[]): Violation[] {
  const [first] = jobs;
  const rows = new Map(jobs.map(({ job }) => [job.id, job]));
  const flagged = [...rows.values()].filter((row) => row.possible_duplicate).length;
  const paid = jobs.filter(({ end }) => end?.billed === true).length;
  if (first === undefined || paid <= 1 + flagged) return [];
  const reasons = [...rows.values()].map((row) => `${row.generation} ${row.generation_reason} ${row.state}`);
  return [violation('P2', first, `${paid} jobs of one step are billed; generations: ${reasons.join(', ')}`)];
}

/** P3: the intent was committed before the provider heard of it. */
function hasIntent(accepted: AcceptedJob): Violation[] {
  const { job, entry } = accepted;
  if (job === undefined) return [violation('P3', accepted, `no row for "${entry.prompt ?? ''}"`)];
  const lateMs = job.created_at.getTime() - Date.parse(entry.receivedAt);
  return lateMs <= CLOCK_MS ? [] : [violation('P3', accepted, `its row came ${lateMs} ms after the send`)];
}

/** P4: what was sent is what the row says. */
function sameBody(jobs: readonly Known[]): Violation[] {
  return jobs.flatMap((accepted) => {
    const { job, entry } = accepted;
    const expected = job.provider.startsWith('chaos-') ? chaosBodyHash(job) : jobs[0]?.entry.requestHash;
    return entry.requestHash === expected ? [] : [violation('P4', accepted, 'sent with another body')];
  });
}

function chaosBodyHash({ request }: JobRow): string {
  const { prompt, variant = 0 } = Object(request) as { prompt: string; variant?: number };
  return sha256(canonicalJson({ prompt, variant }));
}

/** P5: a second provider is asked only after the first has definitely not done it. */
function oneProviderAtATime(jobs: readonly Known[]): Violation[] {
  const last = jobs.at(-1);
  const denied = jobs.filter(({ job }) => job.state === 'REJECTED' || job.state === 'INTENT');
  const atOnce = jobs
    .filter(({ job }) => job.provider !== last?.job.provider && !OVER.has(job.state))
    .map((job) => violation('P5', job, `${last?.job.provider} was asked while this one is ${job.job.state}`));
  return [
    ...atOnce,
    ...denied.map((job) => violation('P5', job, `it was accepted there, the row says ${job.job.state}`)),
  ];
}

/** P6: a completed node is not executed again. */
function notAfterTheEnd({ evidence }: Books, jobs: readonly Known[]): Violation[] {
  const [first] = jobs;
  const done = evidence.database.events.find(
    ({ execution_id, data }) =>
      execution_id === first?.job.execution_id && nodesOf(data)[first.job.step] === 'COMPLETED',
  );
  if (done === undefined) return [];
  return jobs
    .filter(({ entry }) => Date.parse(entry.receivedAt) > done.at.getTime() + CLOCK_MS)
    .map((job) =>
      violation('P6', job, `sent after its node was shown as completed at ${done.at.toISOString()}`),
    );
}

function nodesOf(data: object): Readonly<Record<string, unknown>> {
  return 'nodes' in data ? (Object(data.nodes) as Record<string, unknown>) : {};
}

/** P6, as Temporal tells it: no send completes twice in one run. */
function completedOnce({ evidence }: Books): Violation[] {
  return evidence.temporal.flatMap(({ executionId, runId, completed }) => {
    const sends = completed.filter((id) => /\/(submit|call)$/.test(id));
    return sends
      .filter((id, index) => sends.indexOf(id) !== index)
      .map((id) => ({ invariant: 'P6', executionId, evidence: `run ${runId} completed ${id} twice` }));
  });
}
