import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Names one running process for good: a pid alone is reused by the system, a pid with its start time is not. Written
 * to the state file so that the next start can tell a leftover of ours from a stranger that got the same number.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque: boot id and start tick on Linux, the start date as `ps` prints it elsewhere. */
  readonly startedAt: string;
}

/** The identity of a live process; undefined when there is none (a zombie counts as none). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : portableStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** True while the very process that was recorded (not another one with its pid) is alive. */
export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** /proc/<pid>/stat: the command name is in brackets and may itself hold spaces and brackets, so split after the last. */
function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTick] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X' || startTick === undefined) return undefined;
    return `${bootId()}/${startTick}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function portableStart(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = 'Z', ...start] = line.split(/\s+/);
    return state.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}
