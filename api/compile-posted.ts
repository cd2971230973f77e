import { z } from 'zod';
import {
  collectAssetIds,
  compileGraph,
  type CompileInput,
  type CompileResult,
} from '../pipeline/compile-graph';
import type { GraphIssue } from '../pipeline/graph-issue';
import { isJsonObject } from '../pipeline/pure/values';
import { applyVariant, readVariants, variantsFault } from '../pipeline/variants';
import { collectWorkflowReferences, referenceKey, type SubWorkflows } from '../pipeline/sub-workflows';
import { accountSecrets } from '../store/database/account-secrets';
import { assets } from '../store/database/assets';
import type { Database } from '../store/database/database';
import type { AssetReference, JsonObject, JsonValue } from '../workflows/contract';
import type { ApiDependencies, ApiSettings } from './dependencies';
import { unprocessable, type ApiError, type Issue } from './api-error';
import { graphFields, targetNodeIds } from './graph-body';
import type { Caller } from './caller';
import { loadSubWorkflows } from './load-sub-workflows';
import type { RequestContext } from './route';

/** A graph with what it is to be run with, straight from a body. */
export interface PostedGraph {
  readonly graph: {
    readonly nodes?: JsonValue;
    readonly edges?: JsonValue;
    readonly variables?: JsonValue;
  };
  readonly triggerData: JsonValue | undefined;
  readonly targetNodeIds: readonly string[] | undefined;
  /** The saved workflow that it is of. */
  readonly workflowId?: string;
  /** Of an execution that goes on: the workflows inside of its graph as they were. */
  readonly pinned?: JsonValue | undefined;
}

/** With the workflows that the graph contains, to which the execution is pinned. */
export type CompiledPosted = CompileResult & { readonly workflows: SubWorkflows };

/** Compiles a posted graph with the assets and providers that the caller may use. */
export async function compilePosted(
  dependencies: Pick<ApiDependencies, 'database' | 'settings' | 'clock'>,
  caller: Pick<Caller, 'accountId' | 'mode'>,
  posted: PostedGraph,
): Promise<CompiledPosted> {
  const read = await readCompileInput(dependencies, caller, posted);
  if (!read.ok) return { ...read, workflows: new Map() };
  return { ...compileGraph(read.input), workflows: read.input.workflows };
}

export type ReadCompileInput =
  | { readonly ok: true; readonly input: CompileInput & { readonly workflows: SubWorkflows } }
  | { readonly ok: false; readonly issues: readonly GraphIssue[] };

/** All that a compilation of the graph needs, for one run or for many. */
export async function readCompileInput(
  { database, settings, clock }: Pick<ApiDependencies, 'database' | 'settings' | 'clock'>,
  caller: Pick<Caller, 'accountId' | 'mode'>,
  posted: PostedGraph,
): Promise<ReadCompileInput> {
  const { graph, triggerData } = posted;
  const variables = graph.variables ?? {};
  if (!isJsonObject(variables)) return { ok: false, issues: [variablesInvalid] };
  const workflows = await loadSubWorkflows({ database }, caller.accountId, graph, posted.pinned);
  const found = new Map<string, AssetReference>();
  const assetIds = [...collectAssetIds(graph, triggerData), ...assetIdsInside(graph, workflows)];
  for (const assetId of new Set(assetIds)) {
    const asset = await assets.find(database, caller.accountId, assetId);
    if (asset !== undefined) found.set(assetId, asset);
  }
  const input = {
    graph,
    triggerData,
    variables,
    targetNodeIds: posted.targetNodeIds,
    assets: found,
    limits: settings.graphLimits,
    availableProviders: await findProviders(database, settings, caller),
    today: new Date(clock()).toISOString().slice(0, 10),
    workflows,
    ...(posted.workflowId === undefined ? {} : { workflowId: posted.workflowId }),
  };
  return { ok: true, input };
}

/** Assets that the workflows inside of a graph name, and those that are given to them. */
function assetIdsInside(graph: PostedGraph['graph'], workflows: SubWorkflows): readonly string[] {
  const graphs = [...workflows.values()].flatMap((each) => (typeof each === 'string' ? [] : [each.graph]));
  return [graph, ...graphs].flatMap(collectWorkflowReferences).flatMap((reference) => {
    const workflow = workflows.get(referenceKey(reference));
    if (workflow === undefined || typeof workflow === 'string') return [];
    return collectAssetIds(workflow.graph, reference.inputs);
  });
}

/** Live: those with a key of the server's or of the account's own. Test runs use the sandbox, which has every provider. */
async function findProviders(
  database: Database,
  { liveProviders }: ApiSettings,
  { accountId, mode }: Pick<Caller, 'accountId' | 'mode'>,
): Promise<ReadonlySet<string> | undefined> {
  if (mode === 'test') return undefined;
  const own = await accountSecrets.list(database, accountId, 'provider');
  return new Set([...liveProviders, ...own.map(({ name }) => name)]);
}

/** Faults that a run's triggerData decides on: what is saved cannot know them. */
const FAULTS_OF_A_RUN: ReadonlySet<string> = new Set(['input_value_missing', 'template_variable_missing']);

/** What is wrong with a graph whatever it is run with. */
export async function checkSavedGraph(
  dependencies: Pick<ApiDependencies, 'database' | 'settings' | 'clock'>,
  accountId: string,
  workflowId: string,
  graph: JsonObject,
): Promise<readonly Issue[]> {
  const check = (each: JsonObject) => checkOne(dependencies, accountId, workflowId, each);
  const issues = [...(await check(graph))];
  const fault = variantsFault(graph);
  if (fault !== undefined) {
    const fix = 'Send {"name", "weight", "variables", "nodes"} as described at /docs.';
    return [...issues, { ...fault, code: 'variants_invalid', fix }];
  }
  for (const [index, variant] of readVariants(graph).entries()) {
    const found = await check(applyVariant(graph, variant));
    const own = issues.length === 0 ? found : [];
    issues.push(...own.map((issue) => ({ ...issue, path: `variants[${index}].${issue.path}` })));
  }
  return issues;
}

async function checkOne(
  dependencies: Pick<ApiDependencies, 'database' | 'settings' | 'clock'>,
  accountId: string,
  workflowId: string,
  graph: PostedGraph['graph'],
): Promise<readonly Issue[]> {
  // In test mode every provider counts as configured: whether it is, is a matter of the run.
  const caller = { accountId, mode: 'test' as const };
  const posted = { graph, triggerData: {}, targetNodeIds: undefined, workflowId };
  const compiled = await compilePosted(dependencies, caller, posted);
  return compiled.ok ? [] : compiled.issues.filter(({ code }) => !FAULTS_OF_A_RUN.has(code));
}

const variablesInvalid = {
  path: 'variables',
  code: 'variables_invalid',
  message: 'variables must be an object.',
  fix: 'Send {"name": value, …} or leave it out.',
} as const;

/** 422 with every fault of a graph. */
export function graphInvalid(issues: readonly Issue[]): ApiError {
  const count = issues.length === 1 ? 'one fault' : `${issues.length} faults`;
  const isUnconfigured =
    issues.length > 0 && issues.every((issue) => issue.code === 'no_provider_configured');
  const code = isUnconfigured ? 'no_provider_configured' : 'graph_invalid';
  return unprocessable(code, `The graph has ${count}; see issues.`, issues);
}

/** Faults of the graph inside a body that has other faults too, so that all are told at once. */
export async function graphFaults(
  body: unknown,
  context: RequestContext,
  caller: Caller,
): Promise<readonly Issue[]> {
  const parsed = z.looseObject({ ...graphFields, targetNodeIds }).safeParse(body);
  if (!parsed.success || (parsed.data.nodes === undefined && parsed.data.edges === undefined)) return [];
  const { nodes, edges, triggerData, variables } = parsed.data;
  const posted = {
    graph: { nodes, edges, variables },
    triggerData,
    targetNodeIds: parsed.data.targetNodeIds,
  };
  const result = await compilePosted(context.dependencies, caller, posted);
  return result.ok ? [] : result.issues;
}
