import { setImmediate } from 'node:timers/promises';
import { BatchCompiler, type BatchResult } from '../../pipeline/batch/compile-batch';
import { collectAssetIds } from '../../pipeline/compile-graph';
import { isJsonObject } from '../../pipeline/pure/values';
import type { SubWorkflows } from '../../pipeline/sub-workflows';
import { assets } from '../../store/database/assets';
import type { AssetReference, JsonObject } from '../../workflows/contract';
import type { Caller } from '../caller';
import { readCompileInput, type PostedGraph } from '../compile-posted';
import type { ApiDependencies } from '../dependencies';
import { readIterators, type IteratorConfigs } from './iterator-configs';

type CompileDependencies = Pick<ApiDependencies, 'database' | 'settings' | 'clock'>;

export type CompiledPostedBatch =
  | (Extract<BatchResult, { ok: true }> & { readonly workflows: SubWorkflows })
  | Extract<BatchResult, { ok: false }>;

/** Other requests are answered in between. */
const BREATH_MS = 20;

/** Compiles each item of a batch as a run of its own would be, with the assets that it names. */
export async function compilePostedBatch(
  dependencies: CompileDependencies,
  caller: Pick<Caller, 'accountId' | 'mode'>,
  posted: PostedGraph,
  configs: IteratorConfigs,
): Promise<CompiledPostedBatch> {
  const read = readIterators(configs, posted.graph.nodes);
  if (!read.ok) return { ok: false, issues: read.issues };
  const given = await readCompileInput(dependencies, caller, posted);
  if (!given.ok) return given;
  const { input } = given;
  const { triggerData = {} } = posted;
  if (!isJsonObject(triggerData)) return { ok: false, issues: [triggerDataInvalid] };
  const compiler = new BatchCompiler({
    ...input,
    graph: asGraph(posted.graph),
    triggerData,
    iterators: read.iterators,
  });
  const found = await findAssets(dependencies, caller.accountId, compiler, input.assets ?? new Map());
  let lastBreathMs = performance.now();
  for (let item = 0; item < compiler.itemCount; item += 1) {
    compiler.compileItem(item, found);
    if (performance.now() - lastBreathMs < BREATH_MS) continue;
    await setImmediate();
    lastBreathMs = performance.now();
  }
  const result = compiler.finish();
  return result.ok ? { ...result, workflows: input.workflows } : result;
}

const triggerDataInvalid = {
  path: 'triggerData',
  code: 'trigger_data_invalid',
  message: 'triggerData must be an object.',
  fix: 'Send {"prompt": "…"} or leave it out.',
} as const;

/** Those that any item names, by one statement. */
async function findAssets(
  { database }: CompileDependencies,
  accountId: string,
  compiler: BatchCompiler,
  known: ReadonlyMap<string, AssetReference>,
): Promise<ReadonlyMap<string, AssetReference>> {
  const wanted = new Set<string>();
  for (let item = 0; item < compiler.itemCount; item += 1) {
    const { graph, triggerData } = compiler.sourceOf(item);
    for (const id of collectAssetIds(graph, triggerData)) if (!known.has(id)) wanted.add(id);
  }
  const found = wanted.size === 0 ? [] : await assets.findMany(database, accountId, [...wanted]);
  return new Map([...known, ...found.map((asset) => [asset.assetId, asset] as const)]);
}

function asGraph({ nodes, edges, variables }: PostedGraph['graph']): JsonObject {
  return { nodes: nodes ?? [], edges: edges ?? [], ...(variables === undefined ? {} : { variables }) };
}
