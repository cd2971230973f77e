import { completionBegun, dueCompletions, loadItem, orphanItems } from './batches/load-item';
import { missingShared } from './batches/open-item';
import { openItems } from './batches/open-items';
import { cancelItems, listItems, unfinishedItems } from './batches/read-items';

/** Executions that run once per item. One is accepted, resumed and ended as any other: see `executions`. */
export const batches = {
  openItems,
  loadItem,
  list: listItems,
  unfinished: unfinishedItems,
  cancelItems,
  missingShared,
  orphans: orphanItems,
  dueCompletions,
  completionBegun,
} as const;
