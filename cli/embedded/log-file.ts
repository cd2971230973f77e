import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

/** A log above this size, in bytes, is set aside as `<name>.1` at the next start of its process. */
const rotateAboveBytes = 20 * 1024 * 1024;

/** Sets a log that has grown too large aside, keeping one older file. A missing log is fine. */
export function rotateLog(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > rotateAboveBytes) renameSync(path, `${path}.1`);
}

/** The last `count` lines of a log (looking at its last 16 KB), or '' when there is none. */
export function readLastLines(path: string, count: number): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return '';
  const text = readTail(path, 16 * 1024);
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function readTail(path: string, maxBytes: number): string {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}
