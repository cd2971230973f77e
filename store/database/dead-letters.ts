import { findLetter, listLetters, selectForRedrive } from './dead-letters/read-letters';
import { dueRedrives, refuseRedrive, scheduleRedrive } from './dead-letters/schedule-redrive';

/** What failed at every candidate. Letters are written and resolved by the ends of executions, in the same transaction. */
export const deadLetters = {
  list: listLetters,
  find: findLetter,
  selectForRedrive,
  scheduleRedrive,
  dueRedrives,
  refuseRedrive,
} as const;
