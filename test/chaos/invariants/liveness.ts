import type { Violation } from '../evidence/evidence';
import type { Books } from './books';
import { isRaisedToAHuman } from './results';

/** Longest silence of a run whose providers are well, milliseconds. */
const STILL_MAX_MS = 60_000;

/** V1–V3: every run ends or waits for a person's word, none stands still, and what nobody can tell is told to a person. */
export function checkLiveness(books: Books): Violation[] {
  return [...hasEnded(books), ...moves(books), ...isDecided(books)];
}

function hasEnded({ evidence }: Books): Violation[] {
  return evidence.database.executions
    .filter(
      ({ id, status }) => status === 'RUNNING' || (status === 'WAITING' && !waitsForAPerson(evidence, id)),
    )
    .map(({ id, status }) => ({ invariant: 'V1', executionId: id, evidence: `still ${status}` }));
}

/** A send of unknown fate is the one thing in the suite that a run may wait for. */
function waitsForAPerson({ database }: Books['evidence'], executionId: string): boolean {
  return database.jobs.some(
    (job) =>
      job.execution_id === executionId && job.state === 'UNKNOWN' && isRaisedToAHuman(database.nodes, job),
  );
}

function moves({ evidence }: Books): Violation[] {
  const { healthySinceMs, database } = evidence;
  if (healthySinceMs === undefined) return [];
  return database.executions.flatMap(({ id, created_at }) => {
    const events = database.events.filter(
      ({ execution_id, at }) => execution_id === id && at.getTime() > healthySinceMs,
    );
    const gaps = events.map(({ at, type }, index) => {
      const before = events[index - 1]?.at.getTime() ?? Math.max(healthySinceMs, created_at.getTime());
      // Between an end and a resume nothing is to be done.
      return type === 'resumed' ? 0 : at.getTime() - before;
    });
    const stillMs = Math.max(0, ...gaps);
    if (stillMs <= STILL_MAX_MS) return [];
    return [{ invariant: 'V2', executionId: id, evidence: `nothing new for ${stillMs} ms` }];
  });
}

function isDecided({ evidence, executions }: Books): Violation[] {
  return evidence.database.jobs
    .filter(({ state }) => state === 'UNKNOWN' || state === 'SUBMITTING')
    .filter((job) => executions.get(job.execution_id)?.status !== 'CANCELLED')
    .filter((job) => job.state === 'SUBMITTING' || !isRaisedToAHuman(evidence.database.nodes, job))
    .map((job) => ({
      invariant: 'V3',
      executionId: job.execution_id,
      jobId: job.id,
      evidence: `${job.provider}: left ${job.state} and nobody was told`,
    }));
}
