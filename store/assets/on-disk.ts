import { AssetStoreUnavailableError } from './asset-store';

/** Turns errors of the disk into ours; errors of the source (a broken download) pass as they are. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
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
