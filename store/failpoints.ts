import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';

/**
 * Places where a test may stop the world: between any two of them a process can die, pause, or lose an answer of the
 * database. What is one statement has a place before it and one `after_commit`; the end of a run, a transaction, has one inside.
 */
export const FAILPOINTS = [
  'exec.before_row',
  'exec.after_row',
  'exec.after_start',
  'resume.after_row',
  'callback.before_row',
  'callback.after_row',
  'intent.before',
  'intent.after_commit',
  'send.before_lease_check',
  'send.before_first_byte',
  'send.after_accept',
  'accept.after_commit',
  'poll.before',
  'poll.after',
  'result.after_download',
  'store.after_rename',
  'settle.before',
  'settle.after_commit',
  'activity.before_return',
  'step.before_running',
  'step.after_work',
  'finish.before',
  'finish.before_commit',
  'finish.after_commit',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** Folder of the rules; undefined: every failpoint is inert. */
let folder: string | undefined;
const reached = new Map<Failpoint, number>();

/**
 * Arms the failpoints of this process when `EVERFRAME_FAILPOINTS` names a folder. For tests alone.
 *
 * @throws in production mode
 */
export function armFailpoints(environment: Readonly<Record<string, string | undefined>>): void {
  const named = environment['EVERFRAME_FAILPOINTS'] ?? '';
  if (named === '') return;
  if (environment['NODE_ENV'] === 'production') {
    throw new Error(
      'EVERFRAME_FAILPOINTS makes processes kill themselves, for tests. Unset it, or unset NODE_ENV=production.',
    );
  }
  folder = named;
}

/**
 * Does what the rule for this place says, once in all processes. A rule is a file with the name of the place; it holds
 * `kill` (-9), `stop` (SIGSTOP), `lose_reply` (throws as if the database's answer were lost) or `block:<ms>` (holds the
 * event loop), and may end in `@<n>`: not before this process has come here n times. Whoever acts renames the file to
 * `<place>.hit` and leaves its pid in it.
 */
export function failpoint(place: Failpoint): void {
  if (folder !== undefined) obey(join(folder, place), place);
}

function obey(rulePath: string, place: Failpoint): void {
  const rule = readRule(rulePath);
  if (rule === undefined) return;
  const times = (reached.get(place) ?? 0) + 1;
  reached.set(place, times);
  if (times < rule.fromTime || !take(rulePath)) return;
  reached.delete(place);
  switch (rule.action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      return;
    case 'lose_reply':
      throw new Error(`failpoint ${place}: the connection to the database ended before its answer came`);
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, rule.milliseconds);
  }
}

interface Rule {
  readonly action: 'kill' | 'stop' | 'lose_reply' | 'block';
  readonly milliseconds: number;
  readonly fromTime: number;
}

function readRule(path: string): Rule | undefined {
  const text = ifThere(() => readFileSync(path, 'utf8').trim());
  if (text === undefined) return undefined;
  const [, action, milliseconds = '0', fromTime = '1'] =
    /^(kill|stop|lose_reply|block)(?::(\d+))?(?:@(\d+))?$/.exec(text) ?? [];
  if (action === undefined) throw new Error(`${path} holds no failpoint rule: "${text}"`);
  return {
    action: action as Rule['action'],
    milliseconds: Number(milliseconds),
    fromTime: Number(fromTime),
  };
}

/** The rename has one winner among all processes. */
function take(rulePath: string): boolean {
  const isTaken = ifThere(() => {
    renameSync(rulePath, `${rulePath}.hit`);
    return true;
  });
  if (isTaken) writeFileSync(`${rulePath}.hit`, String(process.pid));
  return isTaken ?? false;
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isNativeError(error) && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
