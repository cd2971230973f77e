import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Made } from '../media/recipe';
import { sha256 } from './canonical-json';

/** A file that a job made or a caller uploaded: everything but the bytes. */
export interface StoredFile extends Omit<Made, 'bytes'> {
  readonly sha256: string;
  readonly size: number;
}

/** Bytes by their SHA-256; uploads and remembered results by a key of their own. */
export class FileStore {
  constructor(private readonly folder: string) {
    for (const part of ['files', 'index']) {
      mkdirSync(join(folder, part), { recursive: true });
      removeOld(join(folder, part));
    }
  }

  save({ bytes, ...facts }: Made): StoredFile {
    const hash = sha256(bytes);
    const path = join(this.folder, 'files', hash);
    if (!existsSync(path)) writeWhole(path, bytes);
    return { ...facts, sha256: hash, size: bytes.length };
  }

  read(file: StoredFile): Promise<Buffer> {
    return readFile(join(this.folder, 'files', file.sha256));
  }

  /** A short text at once, for answers that hold it. */
  readText(file: StoredFile): string {
    return readFileSync(join(this.folder, 'files', file.sha256), 'utf8');
  }

  /** @returns false when `key` is neither hex nor a UUID: it becomes a file name. */
  remember(key: string, file: StoredFile): boolean {
    if (!keyForm.test(key)) return false;
    writeWhole(join(this.folder, 'index', `${key}.json`), JSON.stringify(file));
    return true;
  }

  recall(key: string): StoredFile | undefined {
    if (!keyForm.test(key)) return undefined;
    const path = join(this.folder, 'index', `${key}.json`);
    if (!existsSync(path)) return undefined;
    const file = JSON.parse(readFileSync(path, 'utf8')) as StoredFile;
    return existsSync(join(this.folder, 'files', file.sha256)) ? file : undefined;
  }
}

/** Jobs and files older than this are dropped at the next start. */
export const keptMs = 7 * 24 * 3_600_000;

function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < Date.now() - keptMs) rmSync(path);
  }
}

const keyForm = /^[0-9a-f-]{8,64}$/;

/** Whole or not at all, also when the process is killed half-way. */
export function writeWhole(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.part`;
  writeFileSync(temporary, data);
  renameSync(temporary, path);
}
