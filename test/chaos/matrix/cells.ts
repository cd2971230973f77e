import type { Failpoint } from '../../../store/failpoints';
import { SAFETY_CLASSES, type SafetyClass } from '../provider/chaos-classes';

/**
 * kill: -9. stop: SIGSTOP until another worker has taken over, and for twice the heartbeat time-out, then CONT, before the
 * send is given up. stop_long: until it has been given up. lose_reply: the write is committed, its answer never comes.
 */
export type CellAction = 'kill' | 'stop' | 'stop_long' | 'lose_reply';

export interface Cell {
  readonly place: Failpoint;
  readonly action: CellAction;
  readonly safety: SafetyClass;
}

/** How the run of a cell ends: well, or by telling a person what nobody can find out. */
export type CellEnd = 'COMPLETED' | 'submission_unknown';

const SEND_PLACES = [
  'intent.before',
  'intent.after_commit',
  'send.before_lease_check',
  'send.before_first_byte',
  'send.after_accept',
  'accept.after_commit',
] as const;
const RESULT_PLACES = [
  'poll.before',
  'poll.after',
  'result.after_download',
  'store.after_rename',
  'settle.before',
  'settle.after_commit',
  'activity.before_return',
] as const;
/** Class `none` alone calls back. */
const CALLBACK_PLACES = ['callback.before_row', 'callback.after_row'] as const;
/** The same whoever the provider is. */
const COMMON_PLACES = [
  'exec.before_row',
  'exec.after_row',
  'exec.after_start',
  'step.before_running',
  'step.after_work',
  'finish.before',
  'finish.before_commit',
  'finish.after_commit',
] as const;
const COMMITS = ['intent.after_commit', 'accept.after_commit', 'settle.after_commit'] as const;
const COMMON_COMMITS = ['exec.after_row', 'exec.after_start', 'finish.after_commit'] as const;
/** Where a pause beyond the lease is another case than a shorter one. */
const LEASE_PLACES = ['intent.after_commit', 'send.before_lease_check', 'send.after_accept'] as const;

function cross(
  places: readonly Failpoint[],
  actions: readonly CellAction[],
  classes: readonly SafetyClass[],
): Cell[] {
  return places.flatMap((place) =>
    actions.flatMap((action) => classes.map((safety) => ({ place, action, safety }))),
  );
}

/** The deterministic crash matrix. */
export const matrix: readonly Cell[] = [
  ...cross([...SEND_PLACES, ...RESULT_PLACES], ['kill', 'stop'], SAFETY_CLASSES),
  ...cross(COMMITS, ['lose_reply'], SAFETY_CLASSES),
  ...cross(LEASE_PLACES, ['stop_long'], SAFETY_CLASSES),
  ...cross(CALLBACK_PLACES, ['kill', 'stop'], ['none']),
  ...cross(COMMON_PLACES, ['kill', 'stop'], ['idempotent', 'none']),
  ...cross(COMMON_COMMITS, ['lose_reply'], ['none']),
];

/**
 * The known open cell: no protocol can close the pause between the last look at the lease and the write to the socket
 * (docs/failures.md, submission_unknown).
 */
export const openCell: Cell = { place: 'send.before_first_byte', action: 'stop_long', safety: 'lookup' };

/** Class `none`: nobody can tell a dead sender that never sent from one whose send was accepted. */
const UNTOLD: ReadonlySet<string> = new Set([
  'intent.after_commit/kill',
  'intent.after_commit/stop_long',
  'send.before_lease_check/kill',
  'send.before_lease_check/stop_long',
  'send.before_first_byte/kill',
]);

/**
 * The one end that a cell may have. `as_the_provider_knows`: a pause just before the first byte outlasts the exchange's
 * time limit, which ends it as soon as it goes on; whether the provider has read it by then, its own ledger tells.
 */
export function expectedEnd({ place, action, safety }: Cell): CellEnd | 'as_the_provider_knows' {
  if (safety !== 'none') return 'COMPLETED';
  if (UNTOLD.has(`${place}/${action}`)) return 'submission_unknown';
  return place === 'send.before_first_byte' && action === 'stop' ? 'as_the_provider_knows' : 'COMPLETED';
}

export function cellName({ place, action, safety }: Cell): string {
  return `${action} at ${place}, provider of class ${safety}`;
}
