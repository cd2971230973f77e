import type { Command } from 'commander';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { describePage } from '../page';

/** `everframe templates [list|show]`: graphs to begin with. */
export function addTemplatesCommand(program: Command, run: RunApiCommand): void {
  const templates = program.command('templates').description('graphs to begin with');
  addCommand(templates, run, {
    usage: 'list',
    isDefault: true,
    description: 'list them',
    call: ({ client }) => client.apps.templates(),
    tell: (found) => {
      const rows = found.map(({ templateId, name, nodeTypes }) => [templateId, name, nodeTypes.join(', ')]);
      return describePage(['template', 'name', 'node types'], rows, { none: 'no templates' });
    },
  });
  addCommand(templates, run, {
    usage: 'show <templateId>',
    description: 'print one as a graph that run, quote and workflows push take',
    call: ({ client }, _options, id: string) => client.apps.template(id),
    tell: ({ name, nodes, edges, triggerData }) =>
      JSON.stringify({ name, nodes, edges, triggerData }, null, 2),
  });
}
