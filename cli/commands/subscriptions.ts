import { type Command, Option } from 'commander';
import type { CreatedSubscription, EventType, SubscriptionView } from '../../client/delivery-types';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { collect, overlapOption, type OverlapOptions } from '../option-values';
import { describePage } from '../page';
import { workflowIdOf } from '../workflow-file';

/** `everframe subscriptions`: who is told of the ends of a workflow's executions. */
export function addSubscriptionsCommand(program: Command, run: RunApiCommand): void {
  const subscriptions = program
    .command('subscriptions')
    .description('URLs that are told of the ends of executions');
  addCommand(subscriptions, run, {
    usage: 'list <workflow>',
    description: 'list those of a workflow',
    call: ({ cli, client }, _options, word: string) =>
      client.deliveries.subscriptions(workflowIdOf(word, cli.workingFolder)),
    tell: describeSubscriptions,
  });
  addCommand<CreatedSubscription, { readonly type?: readonly EventType[] }>(subscriptions, run, {
    usage: 'create <workflow> <url>',
    description: 'tell a URL of every end; the secret that signs is shown this once',
    options: [
      new Option('--type <type>', 'only of this kind, such as execution.failed; may be repeated').argParser(
        collect,
      ),
    ],
    call: ({ cli, client }, { type }, word: string, url: string) =>
      client.deliveries.subscribe(workflowIdOf(word, cli.workingFolder), { url, types: type }),
    tell: describeCreated,
  });
  addCommand<CreatedSubscription, OverlapOptions>(subscriptions, run, {
    usage: 'rotate-secret <workflow> <subscriptionId>',
    description: 'a new secret, shown this once; while they overlap, both sign',
    options: [overlapOption()],
    call: ({ cli, client }, { overlap }, word: string, id: string) =>
      client.deliveries.rotateSubscriptionSecret(workflowIdOf(word, cli.workingFolder), id, overlap),
    tell: describeCreated,
  });
  addCommand(subscriptions, run, {
    usage: 'enable <workflow> <subscriptionId>',
    description: 'tell it again, after its receiver has answered 410',
    call: ({ cli, client }, _options, word: string, id: string) =>
      client.deliveries.enable(workflowIdOf(word, cli.workingFolder), id),
    tell: ({ subscriptionId, url }) => `${subscriptionId} tells ${url}`,
  });
  addCommand(subscriptions, run, {
    usage: 'delete <workflow> <subscriptionId>',
    description: 'tell it no more',
    call: async ({ cli, client }, _options, word: string, subscriptionId: string) => {
      await client.deliveries.unsubscribe(workflowIdOf(word, cli.workingFolder), subscriptionId);
      return { subscriptionId, deleted: true };
    },
    tell: ({ subscriptionId }) => `${subscriptionId} is deleted`,
  });
}

function describeSubscriptions(found: readonly SubscriptionView[]): string {
  const rows = found.map(({ subscriptionId, types, url, disabledReason, disabledAt }) => [
    ...[subscriptionId, types.length === 0 ? 'all' : types.join(', ')],
    ...[disabledAt === null ? 'on' : `off: ${disabledReason ?? ''}`, url],
  ]);
  return describePage(['subscription', 'types', 'state', 'url'], rows, { none: 'no subscriptions' });
}

function describeCreated({ subscriptionId, url, secret = 'was shown before' }: CreatedSubscription): string {
  return `${subscriptionId} tells ${url}\nsecret  ${secret}`;
}
