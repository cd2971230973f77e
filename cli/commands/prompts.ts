import { type Command, Option } from 'commander';
import type { PromptKind } from '../../client/prompts-client';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { describePage } from '../page';

/** `everframe prompts [list|set|delete]`: texts that the graphs of the account share. */
export function addPromptsCommand(program: Command, run: RunApiCommand): void {
  const prompts = program.command('prompts').description('texts that the graphs of the account share');
  addCommand(prompts, run, {
    usage: 'list',
    isDefault: true,
    description: 'list them',
    call: ({ client }) => client.prompts.list(),
    tell: (found) => {
      const rows = found.map(({ name, kind, updatedAt, text }) => [name, kind, updatedAt, text]);
      return describePage(['name', 'kind', 'changed', 'text'], rows, { none: 'no shared prompts' });
    },
  });
  addCommand<{ readonly name: string; readonly kind: PromptKind }, { readonly kind?: PromptKind }>(
    prompts,
    run,
    {
      usage: 'set <name> <text>',
      description: 'keep a text: ${prompts.name} in a graph',
      options: [
        new Option('--kind <kind>', 'negative: appended to every negative prompt').choices([
          'prompt',
          'negative',
        ]),
      ],
      call: ({ client }, { kind }, name: string, text: string) => client.prompts.put(name, { text, kind }),
      tell: ({ name, kind }) =>
        kind === 'prompt' ? `\${prompts.${name}} is set` : `${name} goes into every negative prompt`,
    },
  );
  addCommand(prompts, run, {
    usage: 'delete <name>',
    description: 'delete a shared text',
    call: async ({ client }, _options, name: string) => {
      await client.prompts.delete(name);
      return { name, deleted: true };
    },
    tell: ({ name }) => `${name} is deleted`,
  });
}
