import { canonicalJson, sha256 } from '../../../sandbox/core/canonical-json';
import type { LedgerEntry } from '../../../sandbox/core/ledger';
import { callbackToken } from '../../../store/database/callback-token';
import type { Evidence, ExecutionRow, JobRow } from '../evidence/evidence';

/** A job that a provider took, beside the row that it belongs to. */
export interface AcceptedJob {
  readonly entry: LedgerEntry;
  /** Undefined: we know nothing of it. */
  readonly job: JobRow | undefined;
  /** The line that closed it. */
  readonly end: LedgerEntry | undefined;
}

/** The evidence with each line of the providers' books joined to our row for it. */
export class Books {
  readonly accepted: readonly AcceptedJob[];
  readonly executions: ReadonlyMap<string, ExecutionRow>;

  constructor(readonly evidence: Evidence) {
    const jobIds = rowIds(evidence);
    const jobs = new Map(evidence.database.jobs.map((job) => [job.id, job]));
    const ends = new Map(
      evidence.ledger
        .filter(({ kind }) => kind === 'finish' || kind === 'cancel')
        .map((entry) => [keyOf(entry), entry]),
    );
    this.accepted = evidence.ledger
      .filter(({ kind, accepted }) => kind === 'submit' && accepted === true)
      .map((entry) => ({ entry, job: jobs.get(jobIds(entry) ?? ''), end: ends.get(keyOf(entry)) }));
    this.executions = new Map(evidence.database.executions.map((row) => [row.id, row]));
  }

  /** Accepted jobs that have a row, by something of that row. */
  byJob(
    key: (job: JobRow) => string,
  ): ReadonlyMap<string, readonly (AcceptedJob & { readonly job: JobRow })[]> {
    const groups = new Map<string, (AcceptedJob & { readonly job: JobRow })[]>();
    for (const { entry, job, end } of this.accepted) {
      if (job === undefined) continue;
      groups.set(key(job), [...(groups.get(key(job)) ?? []), { entry, job, end }]);
    }
    return groups;
  }
}

export function stepOf(job: JobRow): string {
  return `${job.execution_id}/${job.step}`;
}

/** At the beginning of a key, whatever may come after it. */
const JOB_ID = /^job_[0-9a-f]{32}/;

function keyOf({ provider, jobId }: LedgerEntry): string {
  return `${provider}/${jobId ?? ''}`;
}

/**
 * By the idempotency key or the token in the callback URL, both of which only we can have made. A synchronous call has
 * neither: its body tells, for every job of the suite asks for something else.
 */
function rowIds({ database, secret }: Evidence): (entry: LedgerEntry) => string | undefined {
  const byToken = new Map(database.jobs.map((job) => [callbackToken(secret, job.id), job.id]));
  const byBody = new Map(
    database.jobs.map((job) => [sha256(canonicalJson({ model: job.model, ...Object(job.request) })), job.id]),
  );
  return ({ headers, webhookUrl, requestHash }) =>
    JOB_ID.exec(headers?.['idempotency-key'] ?? '')?.[0] ??
    (webhookUrl === undefined
      ? byBody.get(requestHash ?? '')
      : byToken.get(new URL(webhookUrl).pathname.split('/').at(-1) ?? ''));
}
