import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BringUpError, messageOf } from './bring-up-error';

/**
 * How to run PostgreSQL, which refuses to run as root.
 * - `direct`: we are not root.
 * - `namespace`: as root, inside a user namespace that maps root to nobody: files stay root's, no user is made.
 * - `user`: as root where user namespaces are refused (many containers): as the system user `postgres`, with the
 *   programs and the data in a folder that this user can reach.
 */
export type Unprivileged =
  | { readonly kind: 'direct' }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number };

/** A command line ready to spawn without root's rights. */
export interface UnprivilegedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly user?: { readonly uid: number; readonly gid: number };
}

const namespaceArgs = ['-U', '--map-user=65534', '--map-group=65534'];

/** Decides once per bring-up how PostgreSQL can run on this machine. */
export function chooseUnprivileged(): Unprivileged {
  if (process.getuid?.() !== 0) return { kind: 'direct' };
  if (canRun('unshare', [...namespaceArgs, 'true'])) return { kind: 'namespace' };
  return { kind: 'user', ...postgresUser() };
}

/** Wraps a program so that it runs without root's rights. */
export function asUnprivileged(
  how: Unprivileged,
  program: string,
  args: readonly string[],
): UnprivilegedCommand {
  switch (how.kind) {
    case 'direct':
      return { command: program, args };
    case 'namespace':
      return { command: 'unshare', args: [...namespaceArgs, program, ...args] };
    case 'user':
      return { command: program, args, user: { uid: how.uid, gid: how.gid } };
  }
}

/**
 * Where programs and data must live so that the chosen owner reaches them.
 *
 * @param how the choice of {@link chooseUnprivileged}
 * @param folder the state folder's `postgres`; under root's home no other user can enter it
 * @param nativeFolder the npm package's folder with `bin`, `lib` and `share`
 */
export function reachableFolders(
  how: Unprivileged,
  folder: string,
  nativeFolder: string,
): { readonly folder: string; readonly nativeFolder: string } {
  if (how.kind !== 'user') return { folder, nativeFolder };
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const reachable = join('/var/lib', `everframe-${id}`);
  const copy = join(reachable, 'native');
  mkdirSync(reachable, { recursive: true, mode: 0o700 });
  if (!existsSync(copy)) cpSync(nativeFolder, copy, { recursive: true, verbatimSymlinks: true });
  chownSync(reachable, how.uid, how.gid);
  return { folder: reachable, nativeFolder: copy };
}

/** Hands a file or an empty folder to the owner that PostgreSQL will run as. */
export function giveTo(how: Unprivileged, path: string): void {
  if (how.kind === 'user') chownSync(path, how.uid, how.gid);
}

function postgresUser(): { uid: number; gid: number } {
  try {
    if (!canRun('id', ['-u', 'postgres'])) execFileSync('useradd', ['--system', '--user-group', 'postgres']);
    return { uid: numberFrom('id', ['-u', 'postgres']), gid: numberFrom('id', ['-g', 'postgres']) };
  } catch (error) {
    throw new BringUpError(
      `PostgreSQL cannot run as root, user namespaces are refused here, and the user "postgres" could not be made (${messageOf(error)}): run Everframe as another user, or set DATABASE_URL to a PostgreSQL server`,
    );
  }
}

function canRun(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, [...args], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function numberFrom(program: string, args: readonly string[]): number {
  return Number.parseInt(execFileSync(program, [...args], { encoding: 'utf8' }), 10);
}
