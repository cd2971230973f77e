import { closeSync, openSync, readSync, statSync } from 'node:fs';

const lookEveryMs = 1_000;
/** At most this many bytes of new log are looked at per second and log; the rest stays in the file. */
const maxBytesPerLook = 64 * 1024;
/** pino's numbers: 50 is error, 60 is fatal. */
const errorLevel = 50;

export interface WatchedLog {
  readonly name: string;
  readonly path: string;
}

/**
 * Shows errors of the children on the console while their logs stay in files: every second, new lines that pino wrote
 * at level error or fatal are passed to `show`.
 *
 * @returns a function that ends the watch
 */
export function watchLogs(logs: readonly WatchedLog[], show: (line: string) => void): () => void {
  const offsets = new Map(logs.map((log) => [log.path, sizeOf(log.path)]));
  const timer = setInterval(() => {
    for (const log of logs) {
      const from = offsets.get(log.path) ?? 0;
      const size = sizeOf(log.path);
      offsets.set(log.path, size);
      if (size > from) showErrors(log, from, size, show);
    }
  }, lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

function showErrors(log: WatchedLog, from: number, to: number, show: (line: string) => void): void {
  for (const line of readRange(log.path, from, to).split('\n')) {
    const message = errorMessage(line);
    if (message !== undefined) show(`${log.name}: ${message}`);
  }
}

/** The message of an error line; undefined for other lines and for a line cut by the range. */
export function errorMessage(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('level' in entry)) return undefined;
    if (typeof entry.level !== 'number' || entry.level < errorLevel) return undefined;
    return 'msg' in entry && typeof entry.msg === 'string' ? entry.msg : line;
  } catch {
    return undefined;
  }
}

function readRange(path: string, from: number, to: number): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(to - from, maxBytesPerLook));
    const read = readSync(file, buffer, 0, buffer.length, to - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(file);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
