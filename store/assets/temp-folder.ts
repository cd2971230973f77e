import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { TempFile } from './asset-store';

/** Temp files on local disk, one folder per account. */
export interface TempFolder {
  create(accountId: string): Promise<TempFile>;
  owns(accountId: string, path: string): boolean;
  /** Idempotent. */
  remove(path: string): Promise<void>;
  /** @returns how many */
  removeStale(olderThanMs: number): Promise<number>;
}

export function createTempFolder(root: string): TempFolder {
  const folderOf = (accountId: string): string => {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(accountId)) throw new TypeError('not an account id');
    return join(resolve(root), accountId);
  };
  const remove = (path: string): Promise<void> => rm(path, { force: true });
  return {
    create: async (accountId) => {
      const folder = folderOf(accountId);
      await mkdir(folder, { recursive: true });
      const path = join(folder, randomUUID());
      return { path, remove: () => remove(path) };
    },
    owns: (accountId, path) => dirname(resolve(path)) === folderOf(accountId),
    remove,
    removeStale: async (olderThanMs) => {
      let removed = 0;
      for (const account of await namesIn(root)) {
        for (const name of await namesIn(join(root, account))) {
          if (await removeIfOlder(join(root, account, name), olderThanMs)) removed += 1;
        }
      }
      return removed;
    },
  };
}

/** True when it was there and old enough. */
export async function removeIfOlder(path: string, olderThanMs: number): Promise<boolean> {
  const found = await stat(path).catch(undefinedIfMissing);
  if (found === undefined || Date.now() - found.mtimeMs < olderThanMs) return false;
  await rm(path, { force: true });
  return true;
}

export function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => undefinedIfMissing(error) ?? []);
}

export function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
