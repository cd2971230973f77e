import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { explainWriteError } from './bring-up-error';
import { identifyProcess, isSameProcessAlive, type ProcessIdentity } from './process-identity';
import { waitUntil } from './wait-until';

/** One recorded child: who it is and how to ask it to end. */
interface RecordedProcess extends ProcessIdentity {
  readonly name: string;
  readonly stopSignal: NodeJS.Signals;
}

/** A recorded child gets this many milliseconds to end by itself before it is killed. */
const patienceMs = 5_000;

/**
 * The list of a supervisor's children on disk, so that a start after `kill -9` of the supervisor can end what it left
 * running. Every entry holds the process's start time: a stranger that got the same pid is never touched.
 */
export class ProcessRecord {
  private readonly processes = new Map<string, RecordedProcess>();

  constructor(private readonly path: string) {}

  /** Records the present child of that name, replacing an earlier one. */
  add(name: string, pid: number, stopSignal: NodeJS.Signals): void {
    const identity = identifyProcess(pid);
    if (identity === undefined) return;
    this.processes.set(name, { name, stopSignal, ...identity });
    this.write();
  }

  /** Forgets all: every child has ended. */
  clear(): void {
    this.processes.clear();
    this.write();
  }

  private write(): void {
    const temporary = `${this.path}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, JSON.stringify([...this.processes.values()], null, 2), { mode: 0o600 });
      renameSync(temporary, this.path);
    } catch (error) {
      throw explainWriteError(error, this.path);
    }
  }
}

/**
 * Ends every process of a {@link ProcessRecord} that is still alive, last started first.
 *
 * @returns the names of those that were alive
 */
export async function stopLeftovers(path: string): Promise<string[]> {
  const alive = readRecord(path).filter(isSameProcessAlive).reverse();
  for (const leftover of alive) signal(leftover, leftover.stopSignal);
  const allEnded = (): boolean => !alive.some(isSameProcessAlive);
  if (!(await waitUntil(allEnded, { limitMs: patienceMs }))) {
    for (const leftover of alive.filter(isSameProcessAlive)) signal(leftover, 'SIGKILL');
    await waitUntil(allEnded, { limitMs: patienceMs });
  }
  return alive.map((leftover) => leftover.name);
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    process.kill(identity.pid, name);
  } catch {
    // it ended between the look and the signal
  }
}

/** A missing or broken record is an empty one: nothing can be proven to be ours. */
function readRecord(path: string): RecordedProcess[] {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(parsed) ? parsed.filter(isRecordedProcess) : [];
  } catch {
    return [];
  }
}

function isRecordedProcess(value: unknown): value is RecordedProcess {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string' &&
    'stopSignal' in value &&
    'name' in value
  );
}
