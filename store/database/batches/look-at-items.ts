import {
  ITEMS_NODE_ID,
  type ExecutionFailure,
  type ItemsLook,
  type ItemToStart,
} from '../../../workflows/contract';
import type { BatchState } from './item-counts';

const LOOK_AGAIN_MS = 1_000;

export interface Opening {
  /** Opened or opened again just now. */
  readonly opened: number;
  /** Why no more could be opened though there was a place. */
  readonly shortage?: ExecutionFailure;
  readonly start: readonly ItemToStart[];
}

/** What a batch is to do next, by what its items stand at after the opening. */
export function lookAtItems(
  state: BatchState,
  { opened, shortage, start }: Opening,
  window: number,
): ItemsLook {
  const running = state.running + opened;
  const open = running + state.waiting;
  const isStopped = stopsOpening(state);
  const left = isStopped ? 0 : state.pending + state.due - opened;
  const next = state.nextInMs === null || isStopped ? {} : { nextInMs: state.nextInMs };
  const isTriedAgain = state.redriveTimes > 0 && left === 0;
  const common = { start, open, group: isTriedAgain ? 1 : groupOf(running, window), ...next };
  if (running > 0 || next.nextInMs !== undefined) return common;
  if (open === 0 && left === 0) return { ...common, end: endOf(state) };
  // Somebody else resumes one at this moment: it runs soon, or is there to be opened.
  if (left > 0 && !shortage) return { ...common, nextInMs: LOOK_AGAIN_MS };
  const failure = shortage ?? state.waitingFailure;
  return { ...common, waits: failure ? { failure: { ...failure, nodeId: ITEMS_NODE_ID } } : {} };
}

/** So many ends are worth a look: no more than may come without a word, since an item that waits may do so for days. */
function groupOf(running: number, window: number): number {
  return Math.max(1, Math.min(Math.floor(window / 4), running));
}

/** `failFast`: after a failure that nothing tries again, no further item is opened. */
export function stopsOpening({ failFast, ended, due, nextInMs }: BatchState): boolean {
  return failFast && ended > due && nextInMs === null;
}

function endOf({ itemCount, allowPartial, completed, ended }: BatchState): NonNullable<ItemsLook['end']> {
  const missing = itemCount - completed;
  if (missing === 0 || (allowPartial && completed > 0)) return {};
  const unopened = missing - ended;
  const rest = unopened > 0 ? `, and ${unopened} were not begun` : '';
  const message = `${ended} of ${itemCount} items failed${rest}. Their dead letters say why; redrive those, or resume the batch to run what is left.`;
  return { failure: { message } };
}
