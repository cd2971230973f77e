import type { Command } from 'commander';
import { type CatalogEntry, catalogEntrySchema } from '../../pipeline/catalog-entry';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';

/** `everframe nodes [type]`: the catalog, or all about one node type. */
export function addNodesCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('nodes'))
    .argument('[type]', 'node type, such as generate:flux_2_pro')
    .description('show the node types, or the ports, config and prices of one')
    .action((type: string | undefined, options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        if (type === undefined) {
          const entries = await client.listNodeTypes();
          terminal.answer(entries, () => describeCatalog(catalogEntrySchema.array().parse(entries)));
        } else {
          const entry = await client.getNodeType(type);
          terminal.answer(entry, () => describeNodeType(catalogEntrySchema.parse(entry)));
        }
        return exitCodes.ok;
      }),
    );
}

function describeCatalog(entries: readonly CatalogEntry[]): string {
  const rows = entries.map(({ type, label, inputs, outputs, candidates }) => [
    type,
    label,
    `${portsOf(inputs)} → ${portsOf(outputs)}`,
    [...new Set(candidates.map((candidate) => candidate.provider))].join(', ') || 'local',
  ]);
  return alignColumns([['type', 'label', 'ports', 'providers'], ...rows]);
}

function portsOf(ports: readonly { readonly name: string }[]): string {
  return ports.map(({ name }) => name).join(', ') || '-';
}

function describeNodeType(entry: CatalogEntry): string {
  const { type, label, description, inputs, outputs, candidates, config } = entry;
  const inputRows = inputs.map((port) => [`  ${port.name}`, port.type, needOf(port), port.description]);
  const outputRows = outputs.map((port) => [`  ${port.name}`, port.type, '', port.description]);
  const candidateRows = candidates.map(({ provider, model, price }) => [
    `  ${provider}`,
    model,
    price.text,
    `(${price.source}, ${price.readOn})`,
  ]);
  return [
    `${type}: ${label}`,
    description,
    ...section('inputs', inputRows),
    ...section('outputs', outputRows),
    ...section('candidates, in order of preference', candidateRows),
    `\nconfig (JSON Schema)\n${JSON.stringify(config, null, 2)}`,
  ].join('\n');
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [`\n${title}`, alignColumns(rows)];
}

function needOf({ required, many, orConfig }: CatalogEntry['inputs'][number]): string {
  const parts = [required ? 'required' : 'optional'];
  if (many) parts.push('many');
  if (orConfig) parts.push('or config');
  return parts.join(', ');
}
