import type { ByteRange } from '../../store/assets/asset-store';

/** `unsatisfiable` begins beyond the end; undefined means the whole: no range, several, or one in another unit. */
export type RequestedRange = ByteRange | 'unsatisfiable' | undefined;

/** Reads a `Range` header (RFC 9110 §14). Several ranges are answered with the whole, as the RFC allows. */
export function readByteRange(header: string | undefined, totalBytes: number): RequestedRange {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), totalBytes);
    return length === 0 ? 'unsatisfiable' : { start: totalBytes - length, end: totalBytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= totalBytes ? 'unsatisfiable' : { start, end };
}
