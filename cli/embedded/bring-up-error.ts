/**
 * A bring-up failure that the user can mend: the message says what happened, to what, and what to do. The command
 * line prints it without a stack.
 */
export class BringUpError extends Error {
  override readonly name = 'BringUpError';
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE` …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Turns a refused write (full disk, missing rights, read-only disk) into a message that names the path. */
export function explainWriteError(error: unknown, path: string): unknown {
  const advice: Record<string, string> = {
    ENOSPC: `the disk that holds ${path} is full: free some space or set EVERFRAME_HOME to a folder on another disk`,
    EDQUOT: `the disk quota for ${path} is used up: free some space or set EVERFRAME_HOME to another folder`,
    EACCES: `no permission to write ${path}: give this user the right, or set EVERFRAME_HOME to a folder it owns`,
    EPERM: `not allowed to write ${path}: give this user the right, or set EVERFRAME_HOME to a folder it owns`,
    EROFS: `${path} is on a read-only disk: set EVERFRAME_HOME to a folder that can be written`,
  };
  const text = advice[systemErrorCode(error) ?? ''];
  return text === undefined ? error : new BringUpError(text, { cause: error });
}
