import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import {
  AssetMissingError,
  AssetTooLargeError,
  RangeNotSatisfiableError,
  type AssetSource,
  type AssetStore,
  type ByteRange,
  type OpenedAsset,
  type PutOptions,
  type StoredBytes,
  type StoredObject,
  type TempFile,
} from './asset-store';
import { failpoint } from '../failpoints';
import { isPath, toChunks } from './asset-source';
import { hashFile, syncFolder, writeHashed } from './durable-file';
import { onDisk } from './on-disk';
import { namesIn, removeIfOlder, undefinedIfMissing } from './temp-folder';

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

  async delete(
    accountId: string,
    sha256: string,
    { storedBeforeMs = Infinity }: { readonly storedBeforeMs?: number } = {},
  ): Promise<boolean> {
    const path = this.pathOf(accountId, sha256);
    const found = await onDisk(stat(path).catch(undefinedIfMissing));
    if (found === undefined || found.mtimeMs >= storedBeforeMs) return false;
    await onDisk(rm(path, { force: true }));
    return true;
  }

  async removeStaleTemps(olderThanMs: number): Promise<number> {
    let removed = 0;
    for (const account of await onDisk(namesIn(this.root))) {
      const folder = join(this.root, account, tempName);
      for (const name of await onDisk(namesIn(folder))) {
        if (await removeIfOlder(join(folder, name), olderThanMs)) removed += 1;
      }
    }
    return removed;
  }

  async *stored(): AsyncGenerator<StoredObject> {
    for (const accountId of await onDisk(namesIn(this.root))) {
      for (const start of await onDisk(namesIn(join(this.root, accountId)))) {
        if (!/^[0-9a-f]{2}$/.test(start)) continue;
        const folder = join(this.root, accountId, start);
        for (const sha256 of await onDisk(namesIn(folder))) {
          const found = await onDisk(stat(join(folder, sha256)).catch(undefinedIfMissing));
          if (found) yield { accountId, sha256, storedAtMs: found.mtimeMs };
        }
      }
    }
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
