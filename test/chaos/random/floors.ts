import { FAILPOINTS } from '../../../store/failpoints';
import type { Evidence } from '../evidence/evidence';
import { Books } from '../invariants/books';
import { SAFETY_CLASSES, type SafetyClass } from '../provider/chaos-classes';
import type { StormOutcome } from './run-storm';

/** What a storm must have done before its result counts: a suite in which nothing happened proves nothing. */
export interface Floors {
  readonly runs: number;
  readonly kills: number;
  readonly stops: number;
  /** N1: share of runs that complete. */
  readonly completedShare: number;
  /** N2: hits of each failpoint and of each kind of fault. */
  readonly hits: number;
  /** N3: share of kills while a provider works on a job, or its result is on its way. */
  readonly killsInFlightShare: number;
  /** N4: per class of provider. */
  readonly ambiguousAccepts: number;
}

export interface StormFigures {
  readonly runs: number;
  readonly completed: number;
  readonly resumed: number;
  readonly kills: number;
  readonly stops: number;
  readonly killsInFlight: number;
  readonly paidJobs: number;
  readonly ambiguousAccepts: Readonly<Record<SafetyClass, number>>;
  /** The failpoint and the kind of fault that were hit least. */
  readonly leastHits: { readonly name: string; readonly hits: number };
}

export function measureStorm({ evidence, dealt, faultHits, resumed }: StormOutcome): StormFigures {
  const kills = dealt.filter(({ blow }) => blow.kind !== 'stop');
  const { executions } = evidence.database;
  const flights = flightsOf(evidence);
  return {
    runs: executions.length,
    completed: executions.filter(({ status }) => status === 'COMPLETED').length,
    resumed,
    kills: kills.length,
    stops: dealt.length - kills.length,
    killsInFlight: kills.filter(({ atMs }) => flights.some(([from, to]) => from <= atMs && atMs <= to))
      .length,
    paidJobs: evidence.ledger.filter(({ billed }) => billed).length,
    ambiguousAccepts: ambiguousAccepts(evidence),
    leastHits: leastHits(dealt, faultHits),
  };
}

/** @returns one line for each floor that was not reached; then the storm is void, whatever it found */
export function missedFloors(figures: StormFigures, floors: Floors): readonly string[] {
  const { runs, completed, kills, stops, killsInFlight, ambiguousAccepts: ambiguous, leastHits } = figures;
  const fewest = Math.min(...Object.values(ambiguous));
  const lines: readonly (readonly [boolean, string])[] = [
    [runs >= floors.runs, `runs: ${runs} of ${floors.runs}`],
    [kills >= floors.kills, `kills: ${kills} of ${floors.kills}`],
    [stops >= floors.stops, `stops: ${stops} of ${floors.stops}`],
    [completed >= runs * floors.completedShare, `N1: ${completed} of ${runs} runs completed`],
    [leastHits.hits >= floors.hits, `N2: ${leastHits.name} was hit ${leastHits.hits} times`],
    [killsInFlight >= kills * floors.killsInFlightShare, `N3: ${killsInFlight} of ${kills} kills in flight`],
    [fewest >= floors.ambiguousAccepts, `N4: ambiguous accepts ${JSON.stringify(ambiguous)}`],
  ];
  return lines.filter(([isReached]) => !isReached).map(([, line]) => line);
}

/** From the provider's acceptance to our settlement, milliseconds. */
function flightsOf(evidence: Evidence): readonly (readonly [number, number])[] {
  return new Books(evidence).accepted.flatMap(({ entry, job }) => {
    const settledAt = job?.settled_at?.getTime();
    return settledAt === undefined ? [] : [[Date.parse(entry.receivedAt), settledAt] as const];
  });
}

/** Jobs that a provider took while we did not learn of it by the answer to the first send. */
export function ambiguousAccepts({ database, ledger, ...evidence }: Evidence): Record<SafetyClass, number> {
  const sends = (outcome: string) =>
    new Set(database.sends.filter((send) => send.outcome === outcome).map((send) => send.job_id));
  const [clear, lost] = [sends('accepted'), sends('ambiguous')];
  const replayed = new Set(ledger.filter(({ status }) => status === 'replayed').map(({ jobId }) => jobId));
  const { accepted } = new Books({ database, ledger, ...evidence });
  const unclear = accepted.filter(
    ({ job, entry }) => job && (!clear.has(job.id) || lost.has(job.id) || replayed.has(entry.jobId)),
  );
  const count = (safety: SafetyClass): number =>
    unclear.filter(({ job }) => job && classOf(job.provider) === safety).length;
  return { idempotent: count('idempotent'), lookup: count('lookup'), none: count('none') };
}

function classOf(provider: string): SafetyClass {
  return SAFETY_CLASSES.find((safety) => provider === `chaos-${safety}`) ?? 'none';
}

function leastHits(
  dealt: StormOutcome['dealt'],
  faultHits: StormOutcome['faultHits'],
): StormFigures['leastHits'] {
  const failpoints = FAILPOINTS.map((name) => ({
    name,
    hits: dealt.filter(({ blow }) => blow.kind === 'failpoint' && blow.place === name).length,
  }));
  const faults = [...faultHits].map(([name, hits]) => ({ name, hits }));
  const [least] = [...failpoints, ...faults].sort((left, right) => left.hits - right.hits);
  return least ?? { name: 'nothing', hits: 0 };
}
