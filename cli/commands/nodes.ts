import type { Command } from 'commander';
import { type CatalogEntry, catalogEntrySchema } from '../../pipeline/catalog-entry';
import { filterCatalog, type CatalogFilter } from '../../pipeline/filter-catalog';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';

/** `everframe nodes [type]`: the catalog, or all about one node type. */
export function addNodesCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('nodes'))
    .argument('[type]', 'node type, such as generate:flux_2_pro')
    .description('show the node types, or the ports, config and prices of one')
    .option('--category <name>', 'only this category, such as image or video')
    .option('--provider <id>', 'only what this provider serves; local: what needs none')
    .option('--search <words>', 'only what has all these words in its type, description or models')
    .action((type: string | undefined, options: CommonOptions & CatalogFilter) =>
      run(options, async ({ terminal, client }) => {
        if (type === undefined) {
          const all = catalogEntrySchema.array().parse(await client.listNodeTypes());
          const entries = filterCatalog(all, options);
          terminal.answer(entries, () => describeCatalog(entries));
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
