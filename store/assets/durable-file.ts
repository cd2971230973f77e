import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { AssetTooLargeError, type StoredBytes } from './asset-store';

/**
 * Writes a new file and flushes it to disk, hashing on the way.
 * @throws AssetTooLargeError as soon as more than `maxBytes` have come
 */
export async function writeHashed(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<StoredBytes> {
  const file = await open(path, 'wx', 0o600);
  try {
    const stored = await forEachHashed(chunks, maxBytes, (chunk) => file.appendFile(chunk));
    await file.sync();
    return stored;
  } finally {
    await file.close();
  }
}

/** Hashes a file that is there and flushes it to disk. @throws AssetTooLargeError */
export async function hashFile(path: string, maxBytes: number): Promise<StoredBytes> {
  const stored = await forEachHashed(createReadStream(path), maxBytes, async () => undefined);
  const file = await open(path, 'r+');
  try {
    await file.sync();
    return stored;
  } finally {
    await file.close();
  }
}

/** Makes a rename inside a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function forEachHashed(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  write: (chunk: Uint8Array) => Promise<unknown>,
): Promise<StoredBytes> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new AssetTooLargeError(maxBytes);
    hash.update(chunk);
    await write(chunk);
  }
  return { sha256: hash.digest('hex'), bytes };
}
