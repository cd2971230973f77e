import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { NodeDefinition } from '../pipeline/node-definition';
import { isAssetReference } from '../pipeline/pure/values';
import type { TempFile } from '../store/assets/asset-store';
import type { AssetReference, NodeInputs, NodeOutputs, StepInput, StepResult } from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { MediaError } from './media/media-error';
import { mediaOperationSchema, type MediaOperation, type MediaResult } from './media/media-operation';
import { runMediaOperation } from './media/run-media-operation';
import { createReadText, openAsset } from './media-access';
import { ownStep } from './own-steps';
import { resolveNodeRequest } from './resolve-request';
import { registerFile } from './store-outputs';
import { toMediaFailure } from './to-media-failure';
import { StepError } from './to-application-failure';

/** Local work on one media input, in a child process that may crash, hang or grow without harm to the worker. */
export function runMedia(deps: ActivityDependencies, input: StepInput): Promise<StepResult> {
  return ownStep(deps, input, (definition, signal) => computeMedia(deps, definition, input, signal));
}

type MediaDependencies = Pick<ActivityDependencies, 'assetStore' | 'registerAsset'> & {
  readonly settings: Pick<ActivityDependencies['settings'], 'workFolder'>;
};

/** The work alone: what a media node makes of its inputs. Its rows are the caller's. */
export async function computeMedia(
  deps: MediaDependencies,
  definition: NodeDefinition,
  input: StepInput,
  signal: AbortSignal,
): Promise<NodeOutputs> {
  const readText = createReadText(deps, input.accountId);
  const { config, inputs } = await resolveNodeRequest(definition, input, readText);
  const file = await openInput(deps, input, inputs);
  try {
    const operation = buildOperation(definition, config, file.path);
    const result = await runOperation(deps, input, operation, signal);
    try {
      return await toOutputs(deps, definition, result, input.accountId);
    } finally {
      if (result.kind !== 'probe') await rm(result.path, { force: true });
    }
  } finally {
    await file.remove();
  }
}

async function openInput(deps: MediaDependencies, input: StepInput, inputs: NodeInputs): Promise<TempFile> {
  const asset = Object.values(inputs).find((value): value is AssetReference => isAssetReference(value));
  if (asset) return openAsset(deps, input.accountId, asset);
  throw new StepError(
    'InputInvalid',
    `Node "${input.nodeId}" (${input.nodeType}) got no file. Connect its media input.`,
  );
}

function buildOperation(
  definition: NodeDefinition,
  config: StepInput['config'],
  inputPath: string,
): MediaOperation {
  if (definition.implementation.kind !== 'media') {
    throw new StepError('Internal', `${definition.type} is no media node in this release.`);
  }
  const operation = { ...definition.implementation.toOperation(config), inputPath: path.resolve(inputPath) };
  const parsed = mediaOperationSchema.safeParse(operation);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new StepError('InputInvalid', `${definition.type} cannot run with its resolved config: ${faults}.`);
}

async function runOperation(
  deps: MediaDependencies,
  { nodeId, timeoutSeconds }: StepInput,
  operation: MediaOperation,
  signal: AbortSignal,
): Promise<MediaResult> {
  const { workFolder } = deps.settings;
  try {
    return await runMediaOperation(operation, {
      timeoutMs: timeoutSeconds * 1_000,
      memoryLimitMb: 2_048,
      signal,
      workFolder,
    });
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    const unusable = (message: string): Error =>
      new StepError('MediaFailed', `Node "${nodeId}": ${message}`, { cause: error });
    throw toMediaFailure(error, unusable);
  }
}

async function toOutputs(
  deps: MediaDependencies,
  definition: NodeDefinition,
  result: MediaResult,
  accountId: string,
): Promise<NodeOutputs> {
  if (result.kind === 'probe') return probeOutputs(definition, result.probe);
  const port = Object.entries(definition.outputs).find(
    ([, { type }]) => type === 'image' || type === 'video' || type === 'audio',
  );
  if (!port) throw new StepError('Internal', `${definition.type} declares no media output.`);
  const [name, { type }] = port;
  return {
    [name]: await registerFile(deps, result.path, type as 'image' | 'video' | 'audio', { accountId }),
  };
}

/** A port takes the fact of its own name; a JSON port takes them all. */
function probeOutputs(
  definition: NodeDefinition,
  probe: Extract<MediaResult, { kind: 'probe' }>['probe'],
): NodeOutputs {
  const facts = Object.fromEntries(Object.entries(probe).filter(([, value]) => value !== undefined));
  const outputs: Record<string, NodeOutputs[string]> = {};
  for (const [port, { type }] of Object.entries(definition.outputs)) {
    const value = type === 'json' ? facts : facts[port];
    if (value !== undefined) outputs[port] = value;
  }
  return outputs;
}
