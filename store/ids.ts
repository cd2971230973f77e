import { uuidv7 } from 'uuidv7';

/** Prefix of an id by what it names. */
export type IdPrefix = 'acc' | 'key' | 'exe' | 'job' | 'ast' | 'snd' | 'cbk' | 'ent' | 'dlt' | 'rdv' | 'wf';

/** A new id such as `exe_01a1fc7fcf4575528a629cea33608b34`: UUID version 7 (RFC 9562), so ids sort by time of creation. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${uuidv7().replaceAll('-', '')}`;
}
