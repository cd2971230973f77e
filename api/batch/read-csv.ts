import { parse } from 'csv-parse/sync';
import { nodeDefinition } from '../../pipeline/nodes';
import { isJsonObject, isList, valueAt } from '../../pipeline/pure/values';
import type { JsonValue } from '../../workflows/contract';

/** What is wrong with a CSV text, and how to mend it. */
export class CsvError extends Error {
  constructor(
    message: string,
    readonly fix: string,
  ) {
    super(message);
  }
}

export interface CsvPlace {
  readonly nodeId: string;
  readonly path?: readonly string[];
  /** Unless given: the one named as the path or the node, or the only one. */
  readonly column?: string;
  /** Of the graph: what the node is tells what its values are. */
  readonly nodes: JsonValue | undefined;
}

/** One column of a CSV text (RFC 4180, first line: the names). @throws CsvError */
export function readCsvColumn(csv: string, place: CsvPlace): readonly JsonValue[] {
  const [header = [], ...rows] = parseRows(csv);
  const index = findColumn(header, place);
  const kind = kindOf(place);
  return rows.map((row) => toValue(row[index] ?? '', kind));
}

function parseRows(csv: string): readonly (readonly string[])[] {
  try {
    return parse(csv, { bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CsvError(
      `The CSV cannot be read: ${reason}.`,
      'Send a header line and rows of as many fields.',
    );
  }
}

function findColumn(header: readonly string[], { nodeId, path, column }: CsvPlace): number {
  const wanted = column === undefined ? [path?.at(-1), path?.join('.'), nodeId] : [column];
  const found = header.findIndex((name) => wanted.includes(name));
  if (found !== -1) return found;
  if (column === undefined && header.length === 1) return 0;
  const names = header.map((name) => JSON.stringify(name)).join(', ');
  const asked = wanted.filter((name) => name !== undefined).map((name) => JSON.stringify(name));
  throw new CsvError(
    `The CSV has no column ${[...new Set(asked)].join(' or ')}; it has ${names === '' ? 'none' : names}.`,
    'Name one of its columns in column.',
  );
}

type CellKind = 'text' | 'literal';

/** A number, a flag or JSON where the node takes such a value; else the text as it is. */
function kindOf({ nodeId, path = [], nodes }: CsvPlace): CellKind {
  const node = isList(nodes) ? nodes.find((each) => isJsonObject(each) && each['id'] === nodeId) : undefined;
  if (!isJsonObject(node)) return 'text';
  const data = isJsonObject(node['data']) ? node['data'] : {};
  if (path.length > 0) {
    const present = valueAt(data['config'] ?? null, path);
    return typeof present === 'number' || typeof present === 'boolean' ? 'literal' : 'text';
  }
  const type = [data['nodeType'], node['nodeType'], node['type']].find((each) => typeof each === 'string');
  const outputs = typeof type === 'string' ? nodeDefinition(type)?.outputs : undefined;
  const [output] = Object.values(outputs ?? {});
  return output && ['number', 'boolean', 'json'].includes(output.type) ? 'literal' : 'text';
}

/** What is no literal is judged with the graph, which names it. */
function toValue(cell: string, kind: CellKind): JsonValue {
  if (kind === 'text') return cell;
  try {
    return JSON.parse(cell) as JsonValue;
  } catch {
    return cell;
  }
}
