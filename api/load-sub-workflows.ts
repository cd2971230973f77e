import { z } from 'zod';
import {
  collectWorkflowReferences,
  referenceKey,
  type MissingWorkflow,
  type PinnedWorkflow,
  type SubWorkflows,
  type WorkflowReference,
} from '../pipeline/sub-workflows';
import { isJsonObject } from '../pipeline/pure/values';
import { workflows } from '../store/database/workflows';
import type { JsonObject, JsonValue } from '../workflows/contract';
import type { ApiDependencies } from './dependencies';
import { versionSelector } from './graph-body';
import { SAVED_ID } from './resolve-graph';
import { sharePrompts } from './share-prompts';

/** Different workflows inside of one run; more are nobody's intention. */
const WORKFLOWS_MAX = 50;

/** Field of an execution's graph that holds the workflows inside of it, as they were when it began. */
const PINNED = 'workflows';

const pinnedSchema = z.record(
  z.string(),
  z.object({
    workflowId: z.string(),
    version: z.number(),
    tag: z.string(),
    name: z.string(),
    graph: z.custom<JsonObject>((value) => isJsonObject(value)),
  }),
);

/**
 * Fetches the workflows that nodes of the graph name, and those inside of them.
 *
 * @param pinned - Of the execution that goes on: what it began with stays, whatever was published or deleted since.
 */
export async function loadSubWorkflows(
  dependencies: Pick<ApiDependencies, 'database'>,
  accountId: string,
  graph: { readonly nodes?: JsonValue },
  pinned: JsonValue | undefined,
): Promise<SubWorkflows> {
  const known = pinnedSchema.safeParse(pinned ?? {});
  const earlier = new Map(Object.entries(known.success ? known.data : {}));
  const found = new Map<string, PinnedWorkflow | MissingWorkflow>();
  const open = [...collectWorkflowReferences(graph)];
  for (let reference = open.pop(); reference !== undefined; reference = open.pop()) {
    const key = referenceKey(reference);
    if (found.has(key)) continue;
    if (found.size >= WORKFLOWS_MAX) {
      found.set(key, 'too_many');
      continue;
    }
    const workflow = earlier.get(key) ?? (await load(dependencies, accountId, reference));
    found.set(key, workflow);
    if (typeof workflow !== 'string') open.push(...collectWorkflowReferences(workflow.graph));
  }
  return found;
}

async function load(
  dependencies: Pick<ApiDependencies, 'database'>,
  accountId: string,
  { workflowId, version: selector }: WorkflowReference,
): Promise<PinnedWorkflow | MissingWorkflow> {
  const { database } = dependencies;
  if (!SAVED_ID.test(workflowId)) return 'unknown';
  if (selector !== undefined && !versionSelector.safeParse(selector).success) return 'no_version';
  const found = await workflows.findVersion(database, accountId, workflowId, selector);
  if (found === undefined) {
    const workflow = await workflows.find(database, accountId, workflowId);
    return workflow === undefined ? 'unknown' : selector === undefined ? 'unpublished' : 'no_version';
  }
  const { version, tag, name } = found;
  const graph = await sharePrompts(dependencies, accountId, found.graph);
  return { workflowId, version, tag, name, graph };
}

/** The graph of an execution with the workflows that it is pinned to, in place of whatever stood there. */
export function withPinnedWorkflows(graph: JsonObject, found: SubWorkflows): JsonObject {
  const { [PINNED]: _unused, ...rest } = graph;
  const used = [...found].flatMap(([key, workflow]) =>
    typeof workflow === 'string' ? [] : [[key, workflow]],
  );
  return used.length === 0 ? rest : { ...rest, [PINNED]: Object.fromEntries(used) as JsonObject };
}

export function pinnedWorkflows(graph: JsonObject): JsonValue | undefined {
  return graph[PINNED];
}
