import { type Command, Option } from 'commander';
import type { BatchItem, ItemFilters, ItemStatus } from '../../client/batch-types';
import type { Page } from '../../client/types';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { describePage, pageOptions, type PageOptions } from '../page';

const statuses = ['PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED'] satisfies ItemStatus[];

/** `everframe items <executionId>`: items of a batch in their order, a page at a time. */
export function addItemsCommand(program: Command, run: RunApiCommand): void {
  addCommand<Page<BatchItem>, PageOptions & ItemFilters>(program, run, {
    usage: 'items <executionId>',
    description: 'items of a batch, with their results; while it runs as well',
    options: [
      new Option('--status <status>', 'only those of this status').choices(statuses),
      ...pageOptions(),
    ],
    call: ({ client }, { status, limit, cursor }, id: string) =>
      client.listItems(id, { limit, ...(status ? { status } : {}), ...(cursor ? { cursor } : {}) }),
    tell: ({ data, nextCursor }) =>
      describePage(
        ['item', 'status', 'execution', 'attempt', 'credits', 'values', 'failure'],
        data.map(cells),
        {
          nextCursor,
          none: 'no items',
        },
      ),
  });
}

function cells({ index, status, executionId, attempt, credits, values, failure }: BatchItem): string[] {
  const given = values
    .map(({ value }) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(' · ');
  const short = given.length > 60 ? `${given.slice(0, 59)}…` : given;
  return [
    String(index),
    status,
    executionId ?? '-',
    String(attempt),
    String(credits),
    short,
    failure?.code ?? '',
  ];
}
