import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BringUpError, explainWriteError, systemErrorCode } from './bring-up-error';
import { identifyProcess, isSameProcessAlive, type ProcessIdentity } from './process-identity';

const attempts = 10;

/**
 * Takes the state folder for this process. The lock names its holder with its start time, so a holder that was killed
 * (or a pid that was reused) does not block.
 *
 * @returns a function that gives the folder back
 * @throws BringUpError naming the pid when a live process holds it
 */
export function lockHome(home: string): () => void {
  const path = lockPath(home);
  const own = `${path}.${process.pid}`;
  try {
    writeFileSync(own, JSON.stringify(identifyProcess(process.pid)), { mode: 0o600 });
    takeLock(home, own);
    return () => rmSync(path, { force: true });
  } catch (error) {
    throw explainWriteError(error, own);
  } finally {
    rmSync(own, { force: true });
  }
}

/** The live holder of a state folder, or undefined. */
export function findHolder(home: string): ProcessIdentity | undefined {
  const holder = readHolder(lockPath(home));
  return holder !== undefined && isSameProcessAlive(holder) ? holder : undefined;
}

/** A hard link either appears whole or fails: two starts at once cannot both get it. */
function takeLock(home: string, own: string): void {
  const path = lockPath(home);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      linkSync(own, path);
      return;
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    const holder = findHolder(home);
    if (holder !== undefined) throw heldBy(home, holder);
    removeStale(path);
  }
  throw new BringUpError(`${path} cannot be taken: another start is fighting for it; try again`);
}

/** Moves the dead holder's lock away; if another start's fresh lock was caught instead, it is put back. */
function removeStale(path: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    const caught = readHolder(aside);
    if (caught !== undefined && isSameProcessAlive(caught)) linkSync(aside, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(systemErrorCode(error) ?? '')) throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function heldBy(home: string, holder: ProcessIdentity): BringUpError {
  return new BringUpError(
    `${home} is in use by the Everframe with pid ${holder.pid}: stop that one first (Ctrl-C, or kill ${holder.pid}), or set EVERFRAME_HOME to another folder to run a second system beside it`,
  );
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isIdentity(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  );
}

function lockPath(home: string): string {
  return join(home, 'supervisor.lock');
}
