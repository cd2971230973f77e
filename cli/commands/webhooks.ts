import { type Command, Option } from 'commander';
import type { CreatedWebhook } from '../../client/workflow-types';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { overlapOption, type OverlapOptions } from '../option-values';
import { describePage } from '../page';
import { workflowIdOf } from '../workflow-file';

/** `everframe webhooks`: addresses that run a published workflow without a key. */
export function addWebhooksCommand(program: Command, run: RunApiCommand): void {
  const webhooks = program.command('webhooks').description('addresses that run a workflow without a key');
  addCommand(webhooks, run, {
    usage: 'list <workflow>',
    description: 'list those of a workflow',
    call: ({ cli, client }, _options, word: string) =>
      client.workflows.webhooks(workflowIdOf(word, cli.workingFolder)),
    tell: (found) => {
      const rows = found.map(({ webhookId, name, signed, triggerUrl }) => [
        ...[webhookId, name, signed ? 'signed' : 'open', triggerUrl],
      ]);
      return describePage(['webhook', 'name', 'calls', 'url'], rows, { none: 'no webhooks' });
    },
  });
  addCommand<CreatedWebhook, { readonly name?: string; readonly unsigned?: true }>(webhooks, run, {
    usage: 'create <workflow>',
    description: 'one more; its secret is shown this once',
    options: [
      new Option('--name <name>', 'what it is for'),
      new Option('--unsigned', 'take calls without a signature'),
    ],
    call: ({ cli, client }, { name, unsigned }, word: string) =>
      client.workflows.createWebhook(workflowIdOf(word, cli.workingFolder), {
        name,
        signed: unsigned !== true,
      }),
    tell: describeWebhook,
  });
  addCommand<CreatedWebhook, OverlapOptions>(webhooks, run, {
    usage: 'rotate-secret <workflow> <webhookId>',
    description: 'a new secret, shown this once; from then on calls must be signed',
    options: [overlapOption()],
    call: ({ cli, client }, { overlap }, word: string, id: string) =>
      client.workflows.rotateWebhookSecret(workflowIdOf(word, cli.workingFolder), id, overlap),
    tell: describeWebhook,
  });
  addCommand(webhooks, run, {
    usage: 'delete <workflow> <webhookId>',
    description: 'close a webhook at once',
    call: async ({ cli, client }, _options, word: string, webhookId: string) => {
      await client.workflows.deleteWebhook(workflowIdOf(word, cli.workingFolder), webhookId);
      return { webhookId, deleted: true };
    },
    tell: ({ webhookId }) => `${webhookId} is closed`,
  });
}

function describeWebhook({ webhookId, triggerUrl, secret }: CreatedWebhook): string {
  const lines = [`${webhookId}  ${triggerUrl}`];
  return secret === undefined
    ? lines.join('\n')
    : [...lines, `secret  ${secret}  (shown this once)`].join('\n');
}
