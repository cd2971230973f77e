import type { CatalogEntry } from './catalog-entry';
import { countSources } from './catalog-sources';

const places: Readonly<Record<CatalogEntry['runs'], string>> = {
  at_start: 'when a run starts',
  in_workflow: 'inside the workflow, free',
  on_worker: 'on a worker, free',
  at_provider: 'at a provider',
};

/** The catalog as a page: docs/nodes.md. The same entries give the same page. */
export function catalogPage(entries: readonly CatalogEntry[]): string {
  const categories = [...new Set(entries.map(({ category }) => category))];
  const models = entries.flatMap(({ candidates }) => candidates);
  const { sourced, unsourced } = countSources(entries);
  return [
    '# Node types',
    '',
    'Made from the registry by `npm run docs:nodes`; do not edit. `everframe nodes` and `GET /api/v1/nodes` tell the same.',
    '',
    `${entries.length} node types, ${models.length} models of ${new Set(models.map(({ provider }) => provider)).size} providers; prices with source and day: ${sourced}, without: ${unsourced.length}.`,
    '',
    categories.map((category) => `[${category}](#${category})`).join(' · '),
    ...categories.flatMap((category) => [
      ...['', `## ${category}`],
      ...entries.filter((entry) => entry.category === category).flatMap(describe),
    ]),
    '',
  ].join('\n');
}

function describe(entry: CatalogEntry): readonly string[] {
  const { type, label, description, runs, expectedSeconds, inputs, outputs, candidates } = entry;
  const closed =
    entry.successor === undefined
      ? []
      : [
          `Closed by its vendor${entry.availableUntil === undefined ? '' : ` on ${entry.availableUntil}`}; use ${code(entry.successor)}.`,
          '',
        ];
  const seconds = expectedSeconds === 0 ? '' : `, about ${expectedSeconds} s`;
  return [
    ...[
      '',
      `### ${type}`,
      '',
      `**${cell(label)}.** ${cell(description)} Runs ${places[runs]}${seconds}.`,
      '',
    ],
    ...closed,
    ...table(
      ['', 'name', 'type', 'needed', 'what'],
      [
        ...inputs.map((port) => ['in', code(port.name), port.type, needOf(port), port.description]),
        ...outputs.map((port) => ['out', code(port.name), port.type, '', port.description]),
        ...configRows(entry.config),
      ],
    ),
    ...(candidates.length === 0 ? [] : ['']),
    ...(candidates.length === 0
      ? []
      : table(
          ['provider', 'model', 'price', 'source', 'read on'],
          candidates.map(({ provider, model, price }) => [
            provider,
            code(model),
            price.text,
            price.source,
            price.readOn,
          ]),
        )),
  ];
}

function configRows(config: CatalogEntry['config']): readonly (readonly string[])[] {
  const properties = recordOf(config['properties']);
  const required = Array.isArray(config['required']) ? (config['required'] as readonly unknown[]) : [];
  return Object.entries(properties).map(([name, property]) => {
    const schema = recordOf(property);
    const need = required.includes(name)
      ? 'required'
      : 'default' in schema
        ? `else ${JSON.stringify(schema['default'])}`
        : 'optional';
    const words = typeof schema['description'] === 'string' ? schema['description'] : '';
    return ['config', code(name), typeOf(schema), need, words];
  });
}

/** A JSON Schema in a few words: its values, its bounds, or its type. */
function typeOf(schema: Readonly<Record<string, unknown>>): string {
  const values = schema['enum'];
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(', ');
  const options = schema['anyOf'];
  if (Array.isArray(options))
    return [...new Set(options.map((option) => typeOf(recordOf(option))))].join(' or ');
  const type = typeof schema['type'] === 'string' ? schema['type'] : 'any';
  const { minimum, maximum } = schema;
  const isBounded = typeof minimum === 'number' && typeof maximum === 'number' && Math.abs(maximum) < 1e15;
  return isBounded ? `${type}, ${minimum} to ${maximum}` : type;
}

function needOf({ required, many, orConfig }: CatalogEntry['inputs'][number]): string {
  return [
    required ? 'required' : 'optional',
    ...(many ? ['many'] : []),
    ...(orConfig ? ['or config'] : []),
  ].join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function cell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
}

function code(text: string): string {
  return `\`${text}\``;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
