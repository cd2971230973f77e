import { z } from 'zod';
import { guardJson } from '../pipeline/json-guard';
import { isJsonObject, isList } from '../pipeline/pure/values';
import type { DraftContent } from '../store/database/workflows/workflow';
import type { JsonObject, JsonValue } from '../workflows/contract';
import type { Issue } from './api-error';
import { graphInvalid } from './compile-posted';
import { graphFields } from './graph-body';

const { variables } = graphFields;
/** What stands in it is told by `issues`, and refuses nothing. */
const listInWork = (description: string) =>
  z.custom<JsonValue>().optional().meta({ type: 'array', description });

/** A draft as it is sent: what React Flow's `toObject()` gives, with a name. */
export const draftBody = z.strictObject({
  name: z.string().trim().min(1).max(100).optional().describe('`Untitled workflow` unless given.'),
  description: z.string().max(2_000).optional(),
  nodes: listInWork('Nodes as React Flow exports them: `{id, data: {nodeType, config}}`.'),
  edges: listInWork(
    'Edges as React Flow exports them: `{id, source, target, sourceHandle?, targetHandle?}`.',
  ),
  variables,
  variants: listInWork('Tried against each other: `{name, weight, variables?, nodes?: {nodeId: config}}`.'),
  viewport: z.custom<JsonValue>().optional().meta({ type: 'object', description: 'Kept for editors.' }),
});

const UNTITLED = 'Untitled workflow';

/**
 * What is stored of a draft. It need not run yet; only what cannot be kept is refused.
 *
 * @throws ApiError 422 naming every part that is no JSON of the expected kind.
 */
export function readDraft(
  body: z.infer<typeof draftBody>,
  before?: Pick<DraftContent, 'name' | 'description'>,
): DraftContent {
  const parts: JsonObject = {
    nodes: body.nodes === undefined ? [] : body.nodes,
    edges: body.edges === undefined ? [] : body.edges,
    ...(body.variables === undefined ? {} : { variables: body.variables }),
    ...(body.variants === undefined ? {} : { variants: body.variants }),
    ...(body.viewport === undefined ? {} : { viewport: body.viewport }),
  };
  const issues: Issue[] = Object.entries(parts).flatMap(([key, value]) => [
    ...guardJson(value, [key]),
    ...wrongKind(key, value),
  ]);
  if (issues.length > 0) throw graphInvalid(issues);
  const { name = before?.name ?? UNTITLED, description = before?.description ?? '' } = body;
  return { name, description, draft: parts };
}

function wrongKind(key: string, value: JsonValue): readonly Issue[] {
  const isListWanted = key !== 'variables' && key !== 'viewport';
  if (isListWanted ? isList(value) : isJsonObject(value)) return [];
  const wanted = isListWanted ? 'a list' : 'an object';
  const fix = 'Send it as React Flow exports it.';
  return [{ path: key, code: 'graph_invalid', message: `"${key}" must be ${wanted}.`, fix }];
}
