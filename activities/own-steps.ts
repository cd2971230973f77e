import { Context } from '@temporalio/activity';
import { UnexpectedReplyError, valueType, type NodeDefinition } from '../pipeline/node-definition';
import { pureFunctions } from '../pipeline/pure/functions';
import { executions } from '../store/database/executions';
import type { NodeChange } from '../store/database/executions/execution-writer';
import { failpoint } from '../store/failpoints';
import type { Activities, NodeOutputs, StepInput, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { fenced } from './fence';
import { withHeartbeat } from './heartbeat';
import { createReadText } from './media-access';
import { requireDefinition, resolveNodeRequest } from './resolve-request';
import { DownloadError, storeOutputs, storeValue } from './store-outputs';
import { retryDelayMs, StepError } from './to-application-failure';

type RunPureInput = Parameters<Activities['runPure']>[0];
type ImportAssetInput = Parameters<Activities['importAsset']>[0];

/** A pure function over stored text, or one whose result is too long to travel inline. */
export function runPure(deps: ActivityDependencies, input: RunPureInput): Promise<StepResult> {
  return ownStep(deps, input, (definition) => computePure(deps, definition, input));
}

/** The work alone: what a pure node makes of its inputs; long results are stored. Its rows are the caller's. */
export async function computePure(
  deps: Pick<ActivityDependencies, 'assetStore' | 'registerAsset'>,
  definition: NodeDefinition,
  input: RunPureInput,
): Promise<NodeOutputs> {
  const { accountId } = input;
  const { config, inputs } = await resolveNodeRequest(definition, input, createReadText(deps, accountId));
  const pureFunction = Object.hasOwn(pureFunctions, input.function)
    ? pureFunctions[input.function]
    : undefined;
  if (!pureFunction)
    throw new StepError('Internal', `This worker does not know the function "${input.function}".`);
  const outputs: Record<string, NodeOutputs[string]> = {};
  for (const [port, value] of Object.entries(pureFunction(config, inputs))) {
    const declared = definition.outputs[port];
    if (!declared) throw new UnexpectedReplyError(`${definition.type} has no output "${port}".`);
    outputs[port] = await storeValue(deps, valueType(declared.type), value, { accountId });
  }
  return outputs;
}

/** A URL that a user gave becomes an asset: public addresses only, and by its bytes what the node declares. */
export function importAsset(deps: ActivityDependencies, input: ImportAssetInput): Promise<StepResult> {
  return ownStep(deps, input, async (definition, signal) => {
    const { accountId, nodeId, url, port } = input;
    try {
      return await storeOutputs(
        deps,
        definition,
        { [port]: { kind: 'url', url } },
        { accountId, nodeId, privateOrigins: [], signal },
      );
    } catch (error) {
      throw toInputError(deps, nodeId, error);
    }
  });
}

function toInputError(deps: ActivityDependencies, nodeId: string, error: unknown): unknown {
  if (error instanceof UnexpectedReplyError) {
    return new StepError(
      'InputInvalid',
      `Node "${nodeId}": ${error.message} Give the URL of a file of that type.`,
      { cause: error },
    );
  }
  if (!(error instanceof DownloadError)) return error;
  const mayComeBack = error.httpStatus === undefined || error.httpStatus === 429 || error.httpStatus >= 500;
  const sends = Context.current().info.attempt;
  const retryAfterMs = mayComeBack ? retryDelayMs({ sends, random: deps.random }) : undefined;
  return new StepError('InputUnavailable', error.message, { retryAfterMs, cause: error });
}

/** Shows the node as running, runs its work and writes its result; pays nobody. */
export function ownStep(
  deps: ActivityDependencies,
  input: StepInput,
  work: (definition: NodeDefinition, signal: AbortSignal) => Promise<NodeOutputs>,
): Promise<StepResult> {
  return withHeartbeat(async (signal) => {
    const { nodeId, step, nodeType } = input;
    const definition = requireDefinition(nodeType);
    const write = (change: NodeChange): Promise<void> =>
      fenced(deps, input, (scope) => executions.writeNodes(deps.database, scope, [change]));
    failpoint('step.before_running');
    await write({ nodeId, step, status: 'RUNNING' });
    const { attempt } = Context.current().info;
    const outputs = await work(definition, signal).catch((error: unknown) => {
      throw attempt < input.attemptsMax ? error : withoutRetry(error);
    });
    failpoint('step.after_work');
    await write({ nodeId, step, status: 'COMPLETED', outputs, attempts: attempt });
    return { outputs, credits: 0, attempts: attempt, cached: false };
  });
}

/** A full disk is waited for; what is the step's own fault has had its attempts. */
function withoutRetry(error: unknown): unknown {
  if (!(error instanceof StepError) || error.type === 'AssetStoreUnavailable') return error;
  const { provider, cause } = error.options;
  return new StepError(error.type, error.message, { provider, cause });
}
