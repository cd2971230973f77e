import { createReadText } from '../activities/media-access';
import { computePure } from '../activities/own-steps';
import { requireDefinition, resolveRequest } from '../activities/resolve-request';
import { computeMedia } from '../activities/run-media';
import { StepError } from '../activities/to-application-failure';
import { fillTemplates } from '../pipeline/pure/templates';
import { collectInputs } from '../pipeline/pure/node-inputs';
import type { BundleNode, ReplayBundle } from '../pipeline/replay-bundle';
import type { ReplayedNode } from '../pipeline/replay-report';
import type { AssetStore } from '../store/assets/asset-store';
import type { Candidate, JobInput, NodeOutputs, PlanNode, StepInput } from '../workflows/contract';
import { registerReplayed, REPLAY_ACCOUNT, type BundleAssets } from './bundle-assets';
import { BundleError } from './bundle-error';

export interface ReplayContext {
  readonly bundle: ReplayBundle;
  readonly assets: BundleAssets;
  readonly assetStore: AssetStore;
  /** Scratch files of media work. */
  readonly workFolder: string;
}

/** A node in one place of the run. */
export interface ReplayedStep {
  readonly id: string;
  readonly node: PlanNode;
}

export interface NodeResult {
  readonly source: ReplayedNode['source'];
  readonly outputs: NodeOutputs;
}

/**
 * Makes a step's result again: values and local work by the code of this release, what came from outside from the bundle.
 *
 * @param recorded - What the bundle says of the step.
 * @param lookup - Results of what the step sees, as this replay made them.
 * @throws Error saying why it cannot be made
 */
export async function runNode(
  context: ReplayContext,
  step: ReplayedStep,
  recorded: BundleNode,
  lookup: (nodeId: string) => NodeOutputs | undefined,
): Promise<NodeResult> {
  const { assets } = context;
  const { node } = step;
  const { work } = node;
  switch (work.kind) {
    case 'value':
      return { source: 'value', outputs: assets.actualOutputs(work.outputs) };
    case 'import':
    case 'group':
    case 'delay':
    case 'review':
    case 'items':
    case 'deliver':
      return { source: 'recorded', outputs: assets.actualOutputs(recorded.outputs ?? {}) };
    case 'pure': {
      const input = { ...stepInput(context, step, lookup), function: work.function };
      const outputs = await computePure(ownWork(context), requireDefinition(node.nodeType), input);
      return { source: 'computed', outputs };
    }
    case 'media': {
      const definition = requireDefinition(node.nodeType);
      const { signal } = new AbortController();
      const input = stepInput(context, step, lookup);
      return { source: 'computed', outputs: await computeMedia(ownWork(context), definition, input, signal) };
    }
    case 'provider':
      return {
        source: 'recorded',
        outputs: assets.actualOutputs(await findResult(context, step, recorded, lookup)),
      };
  }
}

function ownWork({ assetStore, workFolder }: ReplayContext) {
  return { assetStore, registerAsset: registerReplayed, settings: { workFolder } };
}

/**
 * The settled result of the request that this replay makes of its own inputs: as posted, or with one of the changes that
 * the node has for its failures.
 */
async function findResult(
  context: ReplayContext,
  { id: step, node }: ReplayedStep,
  { provider, model }: BundleNode,
  lookup: (nodeId: string) => NodeOutputs | undefined,
): Promise<NodeOutputs> {
  const settled = context.bundle.jobs.filter(
    (job) => job.step === step && job.provider === provider && job.model === model && job.state === 'SETTLED',
  );
  const asked: string[] = [];
  for (const { candidates, ...planned } of waysToAsk(node)) {
    const candidate = candidates.find((each) => each.provider === provider && each.model === model);
    if (!candidate) continue;
    const input = { ...stepInput(context, { id: step, node: planned }, lookup), candidate, fallbackFrom: [] };
    const { requestHash, refusal } = await hashOrRefusal(context, input);
    const job = settled.filter((each) => each.requestHash === requestHash).at(-1);
    if (job?.outputs) return job.outputs;
    asked.push(refusal ?? requestHash.slice(0, 12));
  }
  const known = settled.map((each) => each.requestHash.slice(0, 12)).join(', ') || 'none';
  throw new BundleError(
    `The replay asks ${provider}:${model} something else than was recorded: request ${asked.join(', ') || 'none'}, recorded ${known}.`,
  );
}

type AskedNode = PlanNode & { readonly candidates: readonly Candidate[] };

/** The node as posted, then with each of its changes. */
function waysToAsk(node: PlanNode): readonly AskedNode[] {
  const candidates = node.work.kind === 'provider' ? node.work.candidates : [];
  const changed = (node.changes ?? []).map(({ config, templates, replacedInputs, ...change }) => {
    const inputs = node.inputs.filter(({ port }) => !replacedInputs.includes(port));
    return { ...node, config, templates, inputs, candidates: change.candidates };
  });
  return [{ ...node, candidates }, ...changed];
}

/** A request that this candidate cannot serve is none: another change may have been served. */
async function hashOrRefusal(
  { assetStore }: ReplayContext,
  input: JobInput,
): Promise<{ readonly requestHash: string; readonly refusal?: string }> {
  try {
    return await resolveRequest(input, createReadText({ assetStore }, REPLAY_ACCOUNT));
  } catch (error) {
    if (error instanceof StepError) return { requestHash: '', refusal: error.message };
    throw error;
  }
}

/** As the workflow makes it, see workflows/run-node.ts. */
function stepInput(
  { bundle }: ReplayContext,
  { id: step, node }: ReplayedStep,
  lookup: (nodeId: string) => NodeOutputs | undefined,
): StepInput {
  const { config, texts } = fillTemplates(node.config, node.templates, lookup);
  const { id: nodeId, nodeType, nodeTypeVersion, nodeKey, timeoutSeconds, attemptsMax } = node;
  const { executionId, mode } = bundle.execution;
  return {
    ...{ executionId, accountId: REPLAY_ACCOUNT, mode },
    ...{ step, nodeId, nodeType, nodeTypeVersion, nodeKey },
    ...{ config, texts, inputs: collectInputs(node, lookup), timeoutSeconds, attemptsMax },
  };
}
