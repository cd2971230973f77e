import { open, type FileHandle } from 'node:fs/promises';

/** A local file open for reading at any place. */
export interface LocalFile {
  readonly sizeBytes: number;
  /** Fewer bytes than asked for where the file ends. */
  read(position: number, length: number): Promise<Buffer>;
}

/** Opens a file for the time of `use`. */
export async function withLocalFile<Result>(
  path: string,
  use: (file: LocalFile) => Promise<Result>,
): Promise<Result> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    return await use({ sizeBytes: size, read: (position, length) => readAt(handle, position, length) });
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
