import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { VariantInput, WorkflowInput } from '../client/workflow-types';
import { usageError } from './cli-error';
import { messageOf } from './embedded/bring-up-error';

/**
 * A saved workflow as a file for git: what `export` answers, and the id that it was saved under. What else the file holds,
 * such as the triggerData of an example, stays in it and is not sent.
 */
const fileSchema = z.looseObject({
  workflowId: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  nodes: z.array(z.looseObject({})),
  edges: z.array(z.looseObject({})).default([]),
  variables: z.record(z.string(), z.unknown()).optional(),
  variants: z.array(z.custom<VariantInput>()).optional(),
  viewport: z.looseObject({}).optional(),
});

export interface WorkflowFile {
  readonly workflowId: string | undefined;
  readonly workflow: WorkflowInput;
  /** Everything that the file holds. */
  readonly document: Readonly<Record<string, unknown>>;
}

export function isWorkflowId(text: string): boolean {
  return /^wf_[0-9a-f]{32}$/.test(text);
}

/** A number stays one: versions are counted, tags are texts. */
export function readVersion(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : text;
}

/** @throws CliError when there is no such file, or it holds no graph */
export function readWorkflowFile(path: string, workingFolder: string): WorkflowFile {
  const parsed = fileSchema.safeParse(readJson(path, workingFolder));
  if (!parsed.success) throw usageError(`${path} holds no graph: {"nodes": […], "edges": […]} is needed.`);
  const { workflowId, name, description, nodes, edges, variables, variants, viewport } = parsed.data;
  return {
    workflowId,
    workflow: { name, description, nodes, edges, variables, variants, viewport },
    document: parsed.data,
  };
}

/** @throws CliError when it cannot be written */
export function writeWorkflowFile(path: string, workingFolder: string, document: object): void {
  try {
    writeFileSync(resolve(workingFolder, path), `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    throw usageError(`${path} cannot be written: ${messageOf(error)}`, error);
  }
}

/**
 * The id that a word of a command line means: an id, or a file that holds one.
 *
 * @throws CliError
 */
export function workflowIdOf(word: string, workingFolder: string): string {
  if (isWorkflowId(word)) return word;
  const { workflowId } = readWorkflowFile(word, workingFolder);
  if (workflowId !== undefined) return workflowId;
  throw usageError(`${word} has not been saved yet: run "everframe workflows push ${word}" first.`);
}

function readJson(path: string, workingFolder: string): unknown {
  try {
    return JSON.parse(readFileSync(resolve(workingFolder, path), 'utf8'));
  } catch (error) {
    throw usageError(`${path} cannot be read as JSON: ${messageOf(error)}`, error);
  }
}
