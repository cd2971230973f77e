import { styleText } from 'node:util';
import type { ExecutionStatus, NodeStatus } from '../pipeline/execution-view';

type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'gray';

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_colour, text) => text;

/** Colours are for people at a terminal who have not set NO_COLOR (no-color.org). */
export function choosePaint(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): Paint {
  const isWanted = stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  // The stream was looked at just now; Node's own look is at process.stdout, whatever the text is for.
  return isWanted ? (colour, text) => styleText(colour, text, { validateStream: false }) : plain;
}

const colours: Readonly<Record<NodeStatus | ExecutionStatus, Colour>> = {
  PENDING: 'gray',
  RUNNING: 'cyan',
  WAITING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  SKIPPED: 'gray',
  CANCELLED: 'yellow',
};

/** @param text what to show, by default the status itself */
export function paintStatus(
  paint: Paint,
  status: NodeStatus | ExecutionStatus,
  text: string = status,
): string {
  return paint(colours[status], text);
}
