import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { IteratorConfig } from '../client/batch-types';
import { usageError } from './cli-error';
import { messageOf } from './embedded/bring-up-error';

const itemsSchema = z.array(z.record(z.string(), z.unknown())).min(1);

/**
 * Items of a batch from a file: CSV with a header line, or JSON `[{"<node>": value, …}, …]`. A column, or a key, is a node id
 * (its value) or `node.field` (a field of its config, at any depth); item by item, the columns belong together.
 *
 * @param limit - Only the first ones.
 * @throws CliError when the file cannot be read, or its rows have different keys
 */
export function readItems(path: string, workingFolder: string, limit?: number): readonly IteratorConfig[] {
  const text = readText(path, workingFolder);
  const isJson = extname(path).toLowerCase() === '.json';
  const columns = isJson ? columnsOfJson(path, text) : columnsOfCsv(path, text);
  return columns.map(({ name, ...values }) => ({
    ...placeOf(name),
    ...values,
    ...(limit === undefined ? {} : { limit }),
  }));
}

interface Column extends Pick<IteratorConfig, 'values' | 'csv' | 'column'> {
  readonly name: string;
}

function placeOf(name: string): Pick<IteratorConfig, 'nodeId' | 'path'> {
  const [nodeId = '', ...path] = name.split('.');
  return path.length === 0 ? { nodeId } : { nodeId, path: path.join('.') };
}

/** The API reads the values itself: it knows which of them are numbers. */
function columnsOfCsv(path: string, csv: string): readonly Column[] {
  try {
    const [header = []] = parse(csv, { bom: true, trim: true, to: 1 });
    return header.filter((name) => name !== '').map((name) => ({ name, csv, column: name }));
  } catch (error) {
    throw usageError(`${path} is not CSV: ${messageOf(error)}`, error);
  }
}

function columnsOfJson(path: string, text: string): readonly Column[] {
  const rows = itemsSchema.safeParse(parseJson(path, text));
  if (!rows.success) {
    throw usageError(`${path} holds no items: a JSON list of objects [{"<node>": value, …}, …] is needed.`);
  }
  const names = Object.keys(rows.data[0] ?? {});
  const odd = rows.data.findIndex(
    (row) => Object.keys(row).length !== names.length || names.some((name) => !Object.hasOwn(row, name)),
  );
  if (odd !== -1) {
    throw usageError(
      `${path}: item ${odd} has other keys than item 0 (${names.join(', ')}); each needs the same.`,
    );
  }
  return names.map((name) => ({ name, values: rows.data.map((row) => row[name]) }));
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${path} is not JSON: ${messageOf(error)}`, error);
  }
}

function readText(path: string, workingFolder: string): string {
  try {
    return readFileSync(resolve(workingFolder, path), 'utf8');
  } catch (error) {
    throw usageError(`${path} cannot be read: ${messageOf(error)}`, error);
  }
}
