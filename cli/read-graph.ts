import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { ExecuteInput } from '../client/types';
import { usageError } from './cli-error';
import { messageOf } from './embedded/bring-up-error';

/** Only that it is an object: the API names every fault of the graph itself, all at once. */
const graphFileSchema = z.custom<ExecuteInput>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/**
 * Reads a file that holds an execute body: `{nodes, edges, triggerData?, …}`.
 *
 * @throws CliError when there is no such file, or it holds no JSON object
 */
export function readGraph(path: string, workingFolder: string): ExecuteInput {
  const parsed = graphFileSchema.safeParse(parse(path, readText(path, workingFolder)));
  if (parsed.success) return parsed.data;
  throw usageError(
    `${path} holds no graph: a JSON object {"nodes": […], "edges": […], "triggerData": {…}} is needed.`,
  );
}

function readText(path: string, workingFolder: string): string {
  try {
    return readFileSync(resolve(workingFolder, path), 'utf8');
  } catch (error) {
    throw usageError(`${path} cannot be read: ${messageOf(error)}`, error);
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${path} is not JSON: ${messageOf(error)}`, error);
  }
}
