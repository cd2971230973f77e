import { type Command, Option } from 'commander';
import type { DeliveryDetail, DeliveryView } from '../../client/delivery-types';
import type { Page } from '../../client/types';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { overlapOption, type OverlapOptions } from '../option-values';
import { describePage, pageOptions, type PageOptions } from '../page';

interface ListOptions extends PageOptions {
  readonly execution?: string;
  readonly subscription?: string;
  readonly state?: DeliveryView['state'];
}

/** `everframe deliveries`: what callbackUrls and subscriptions were told. */
export function addDeliveriesCommand(program: Command, run: RunApiCommand): void {
  const deliveries = program.command('deliveries').description('what was told to callback URLs');
  addCommand<Page<DeliveryView>, ListOptions>(deliveries, run, {
    usage: 'list',
    isDefault: true,
    description: 'list them, newest first',
    options: [
      new Option('--execution <id>', 'only those of this execution'),
      new Option('--subscription <id>', 'only those of this subscription'),
      new Option('--state <state>', 'only those of this state').choices([
        ...['pending', 'delivered', 'failed', 'cancelled'],
      ]),
      ...pageOptions(),
    ],
    call: ({ client }, { execution, subscription, state, limit, cursor }) =>
      client.deliveries.list({
        executionId: execution,
        subscriptionId: subscription,
        ...{ state, limit, cursor },
      }),
    tell: describeDeliveries,
  });
  addCommand(deliveries, run, {
    usage: 'show <deliveryId>',
    description: 'every try of one',
    call: ({ client }, _options, id: string) => client.deliveries.get(id),
    tell: describeDelivery,
  });
  addCommand(deliveries, run, {
    usage: 'redeliver <deliveryId>',
    description: 'tell it once more, now, under the same webhook-id',
    call: ({ client }, _options, id: string) => client.deliveries.redeliver(id),
    tell: describeDelivery,
  });
}

/** `everframe callback-secret [show|rotate]`: what signs the calls to the callbackUrl of an execution. */
export function addCallbackSecretCommand(program: Command, run: RunApiCommand): void {
  const secrets = program
    .command('callback-secret')
    .description('the secret that signs callbacks to the callbackUrl of an execution');
  addCommand(secrets, run, {
    usage: 'show',
    isDefault: true,
    description: 'print it',
    call: async ({ client }) => ({ secret: await client.deliveries.secret() }),
    tell: ({ secret }) => secret,
  });
  addCommand<{ readonly secret: string }, OverlapOptions>(secrets, run, {
    usage: 'rotate',
    description: 'make a new one and print it; while they overlap, both sign',
    options: [overlapOption()],
    call: async ({ client }, { overlap }) => ({ secret: await client.deliveries.rotateSecret(overlap) }),
    tell: ({ secret }) => secret,
  });
}

function describeDeliveries({ data, nextCursor }: Page<DeliveryView>): string {
  const rows = data.map(({ deliveryId, state, type, executionId, attempts, lastStatus, lastError, url }) => [
    ...[deliveryId, state, type, executionId, String(attempts)],
    ...[lastStatus === null ? (lastError ?? '') : String(lastStatus), url],
  ]);
  const headings = ['delivery', 'state', 'type', 'execution', 'tries', 'last answer', 'url'];
  return describePage(headings, rows, { nextCursor, none: 'no deliveries' });
}

function describeDelivery({ deliveryId, state, type, url, nextAttemptAt, tries }: DeliveryDetail): string {
  return [
    `${deliveryId}  ${state}  ${type}  ${url}`,
    ...tries.map(
      ({ at, httpStatus, error, latencyMs }) => `${at}  ${httpStatus ?? error ?? ''}  ${latencyMs} ms`,
    ),
    ...(nextAttemptAt === null ? [] : [`${nextAttemptAt}  next`]),
  ].join('\n');
}
