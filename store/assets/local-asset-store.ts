import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import {
  AssetMissingError,
  AssetStoreUnavailableError,
  AssetTooLargeError,
  RangeNotSatisfiableError,
  type AssetSource,
  type AssetStore,
  type ByteRange,
  type OpenedAsset,
  type PutOptions,
  type StoredBytes,
  type TempFile,
} from './asset-store';
import { failpoint } from '../failpoints';
import { hashFile, syncFolder, writeHashed } from './durable-file';

/**
 * Assets on local disk: `<root>/<account>/<first two digits>/<sha256>`, temp files in `<root>/<account>/temp` on the
 * same file system, so that a rename makes a whole file visible or none.
 */
export function createLocalAssetStore(rootFolder: string): AssetStore {
  return new LocalAssetStore(resolve(rootFolder));
}

class LocalAssetStore implements AssetStore {
  constructor(private readonly root: string) {}

  async createTemp(accountId: string): Promise<TempFile> {
    const folder = this.tempFolder(accountId);
    await onDisk(mkdir(folder, { recursive: true }));
    const path = join(folder, randomUUID());
    return { path, remove: () => rm(path, { force: true }) };
  }

  async put(accountId: string, source: AssetSource, options: PutOptions): Promise<StoredBytes> {
    const temp = await this.createTemp(accountId);
    try {
      const owned = isPath(source) && dirname(resolve(source.path)) === this.tempFolder(accountId);
      const stored = await onDisk(
        owned
          ? hashFile(source.path, options.maxBytes)
          : writeHashed(temp.path, toChunks(source), options.maxBytes),
      );
      await onDisk(this.publish(accountId, owned ? source.path : temp.path, stored));
      return stored;
    } finally {
      await temp.remove();
    }
  }

  async open(accountId: string, sha256: string, range?: ByteRange): Promise<OpenedAsset> {
    const path = this.pathOf(accountId, sha256);
    const totalBytes = await this.sizeOf(path, sha256);
    const start = range?.start ?? 0;
    const end = Math.min(range?.end ?? totalBytes - 1, totalBytes - 1);
    if (range !== undefined && (start >= totalBytes || end < start)) {
      throw new RangeNotSatisfiableError(totalBytes);
    }
    // `end` -1 (an empty file) is no option of a read stream.
    const stream = createReadStream(path, totalBytes === 0 ? {} : { start, end });
    return { stream, totalBytes, start, end };
  }

  async read(accountId: string, sha256: string, options: { readonly maxBytes: number }): Promise<Uint8Array> {
    const path = this.pathOf(accountId, sha256);
    if ((await this.sizeOf(path, sha256)) > options.maxBytes) throw new AssetTooLargeError(options.maxBytes);
    return onDisk(readFile(path));
  }

  async localFile(accountId: string, sha256: string): Promise<TempFile> {
    const path = this.pathOf(accountId, sha256);
    await this.sizeOf(path, sha256);
    return { path, remove: async () => undefined };
  }

  async has(accountId: string, sha256: string): Promise<boolean> {
    try {
      await this.sizeOf(this.pathOf(accountId, sha256), sha256);
      return true;
    } catch (error) {
      if (error instanceof AssetMissingError) return false;
      throw error;
    }
  }

  async delete(accountId: string, sha256: string): Promise<void> {
    await onDisk(rm(this.pathOf(accountId, sha256), { force: true }));
  }

  async removeStaleTemps(olderThanMs: number): Promise<number> {
    const accounts = await onDisk(readdir(this.root).catch(emptyIfMissing));
    const files = await Promise.all(
      accounts.map(async (account) => {
        const folder = join(this.root, account, tempName);
        const names = await onDisk(readdir(folder).catch(emptyIfMissing));
        return names.map((name) => join(folder, name));
      }),
    );
    const removed = await Promise.all(files.flat().map((path) => removeIfOlder(path, olderThanMs)));
    return removed.filter(Boolean).length;
  }

  /** The rename is repeated over bytes that are there already: the same, or damaged ones that this heals. */
  private async publish(accountId: string, tempPath: string, stored: StoredBytes): Promise<void> {
    const path = this.pathOf(accountId, stored.sha256);
    const folder = dirname(path);
    const firstMade = await mkdir(folder, { recursive: true });
    await rename(tempPath, path);
    failpoint('store.after_rename');
    await syncFolder(folder);
    if (firstMade !== undefined) await syncFolder(dirname(firstMade));
  }

  private async sizeOf(path: string, sha256: string): Promise<number> {
    const found = await onDisk(stat(path).catch(undefinedIfMissing));
    if (found === undefined) throw new AssetMissingError(sha256);
    return found.size;
  }

  private pathOf(accountId: string, sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError('an asset is named by 64 hex digits');
    return join(this.accountFolder(accountId), sha256.slice(0, 2), sha256);
  }

  private tempFolder(accountId: string): string {
    return join(this.accountFolder(accountId), tempName);
  }

  private accountFolder(accountId: string): string {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(accountId)) throw new TypeError('not an account id');
    return join(this.root, accountId);
  }
}

const tempName = 'temp';

function isPath(source: AssetSource): source is { readonly path: string } {
  // A read stream of node:fs has a `path` as well.
  return 'path' in source && !(Symbol.asyncIterator in source);
}

async function* toChunks(source: AssetSource): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else if (isPath(source)) yield* createReadStream(source.path);
  else yield* source;
}

async function removeIfOlder(path: string, olderThanMs: number): Promise<boolean> {
  const found = await stat(path).catch(undefinedIfMissing);
  if (found === undefined || Date.now() - found.mtimeMs < olderThanMs) return false;
  await rm(path, { force: true });
  return true;
}

function emptyIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw error;
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

/** Turns errors of the disk into ours; errors of the source (a broken download) pass as they are. */
async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (typeof code !== 'string' || !diskCodes.has(code)) throw error;
    const reason =
      code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full: make room' : `the disk refused (${code})`;
    throw new AssetStoreUnavailableError(`the asset store could not be used: ${reason}`, { cause: error });
  }
}

const diskCodes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOTDIR',
  'EISDIR',
  'ENOENT',
  'EBUSY',
  'EFBIG',
]);
