import { uuidv7 } from 'uuidv7';

/** Prefix of an id by what it names. */
export type IdPrefix =
  | 'acc'
  | 'key'
  | 'exe'
  | 'job'
  | 'ast'
  | 'snd'
  | 'cbk'
  | 'ent'
  | 'dlt'
  | 'rev'
  | 'rdv'
  | 'wf'
  | 'sub'
  | 'dlv'
  | 'sch'
  | 'sec';

/** A new id such as `exe_01a1fc7fcf4575528a629cea33608b34`: UUID version 7 (RFC 9562), so ids sort by time of creation. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${uuidv7().replaceAll('-', '')}`;
}

/** No id of that kind made from this moment on is smaller: a range of time read by the index on ids. */
export function firstIdAt(prefix: IdPrefix, moment: Date): string {
  return `${prefix}_${moment.getTime().toString(16).padStart(12, '0')}`;
}
