import { isJsonObject } from '../pipeline/pure/values';
import { applyVariant, pickVariant, readVariants } from '../pipeline/variants';
import { workflows } from '../store/database/workflows';
import type { JsonObject, JsonValue } from '../workflows/contract';
import { type ApiError, conflict, notFound } from './api-error';
import type { ApiDependencies } from './dependencies';
import { sharePrompts } from './share-prompts';

/** What is to run, and the saved workflow and version that it comes from. */
export interface ResolvedGraph {
  readonly workflowId: string;
  readonly workflowName: string;
  /** Null for a graph that was posted. */
  readonly version: number | null;
  /** Null where the version has none. */
  readonly variant: string | null;
  readonly graph: JsonObject;
}

export interface GraphSource {
  readonly nodes?: JsonValue;
  readonly edges?: JsonValue;
  readonly variables?: JsonValue;
  /** Number or tag. */
  readonly version?: number | string;
  readonly variant?: string;
}

export const SAVED_ID = /^wf_[0-9a-f]{32}$/;

/**
 * The graph of a request: the one that it posts, else the named version of the saved workflow, else the published one; with
 * the texts that the graphs of the account share.
 *
 * @param point - 0 ≤ x < 1: picks among the variants of a workflow by their weights.
 *
 * @throws ApiError 404 `workflow_not_found` or `version_not_found`, 409 `workflow_not_published`.
 */
export async function resolveGraph(
  dependencies: Pick<ApiDependencies, 'database'>,
  accountId: string,
  workflowId: string,
  source: GraphSource,
  point = 0,
): Promise<ResolvedGraph> {
  const found = await findGraph(dependencies, accountId, workflowId, source);
  const { graph, variant } = inVariant(found.graph, source.variant, point);
  return { ...found, variant, graph: await sharePrompts(dependencies, accountId, graph) };
}

/** @throws ApiError 404 `variant_not_found` */
function inVariant(
  graph: JsonObject,
  wanted: string | undefined,
  point: number,
): { readonly graph: JsonObject; readonly variant: string | null } {
  const variants = readVariants(graph);
  const variant =
    wanted === undefined ? pickVariant(variants, point) : variants.find(({ name }) => name === wanted);
  if (variant !== undefined) return { graph: applyVariant(graph, variant), variant: variant.name };
  if (wanted === undefined) return { graph, variant: null };
  throw notFound('variant_not_found', `This version of the workflow has no variant "${wanted}".`);
}

type FoundGraph = Omit<ResolvedGraph, 'variant'>;

async function findGraph(
  { database }: Pick<ApiDependencies, 'database'>,
  accountId: string,
  workflowId: string,
  source: GraphSource,
): Promise<FoundGraph> {
  const { nodes, edges, variables, version } = source;
  const isSavedId = SAVED_ID.test(workflowId);
  if (nodes !== undefined || edges !== undefined) {
    const saved = isSavedId ? await workflows.find(database, accountId, workflowId) : undefined;
    const graph = {
      nodes: nodes ?? [],
      edges: edges ?? [],
      ...(variables === undefined ? {} : { variables }),
    };
    return { workflowId, workflowName: saved?.name ?? workflowId, version: null, graph };
  }
  const found = isSavedId ? await workflows.findVersion(database, accountId, workflowId, version) : undefined;
  if (found === undefined) throw await explainAbsence(database, accountId, workflowId, version);
  const graph = withVariables(found.graph, variables);
  return { workflowId, workflowName: found.name, version: found.version, graph };
}

/** What is not an object is left to the compiler, which names it. */
export function withVariables(graph: JsonObject, variables: JsonValue | undefined): JsonObject {
  if (variables === undefined) return graph;
  const saved = graph['variables'];
  return isJsonObject(variables) && isJsonObject(saved)
    ? { ...graph, variables: { ...saved, ...variables } }
    : { ...graph, variables };
}

async function explainAbsence(
  database: ApiDependencies['database'],
  accountId: string,
  workflowId: string,
  version: number | string | undefined,
): Promise<ApiError> {
  const workflow = await workflows.find(database, accountId, workflowId);
  if (workflow === undefined) return workflowNotFound(workflowId);
  if (version !== undefined) return versionNotFound(version);
  return conflict(
    'workflow_not_published',
    'This workflow has no published version. Publish it, or name a version.',
  );
}

export function workflowNotFound(workflowId: string): ApiError {
  const message = `There is no workflow "${workflowId}". Post the graph itself as nodes and edges, or save it first.`;
  return notFound('workflow_not_found', message);
}

export function versionNotFound(version: number | string): ApiError {
  const message = `The workflow has no version "${version}". Its versions are listed at …/versions.`;
  return notFound('version_not_found', message);
}
