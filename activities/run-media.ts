import { rm } from 'node:fs/promises';
import path from 'node:path';
import { valueType, type NodeDefinition } from '../pipeline/node-definition';
import { assetsIn } from '../pipeline/pure/values';
import type { TempFile } from '../store/assets/asset-store';
import type {
  JsonObject,
  NodeInputs,
  NodeOutputs,
  PortValue,
  StepInput,
  StepResult,
} from '../workflows/contract';
import type { ActivityDependencies } from './dependencies';
import { MediaError } from '../store/assets/media/media-error';
import { mediaOperationSchema, type MediaOperation, type MediaResult } from './media/media-operation';
import { runMediaOperation } from './media/run-media-operation';
import { createReadText, openAsset } from './media-access';
import { ownStep } from './own-steps';
import { resolveNodeRequest } from './resolve-request';
import { registerFile, storeValue } from './store-outputs';
import { toMediaFailure } from './to-media-failure';
import { StepError } from './to-application-failure';

/** Local work on media inputs, in a child process that may crash, hang or grow without harm to the worker. */
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
  const files = await openInputs(deps, input, inputs);
  try {
    const operation = buildOperation(definition, { config, inputs, files });
    const result = await runOperation(deps, input, operation, signal);
    try {
      return await toOutputs(deps, definition, result, input.accountId);
    } finally {
      await removeResult(result);
    }
  } finally {
    await Promise.all([...files.values()].flat().map((file) => file.remove()));
  }
}

type InputFiles = ReadonlyMap<string, readonly TempFile[]>;

/** Every file at every port, in edge order. */
async function openInputs(
  deps: MediaDependencies,
  { accountId }: StepInput,
  inputs: NodeInputs,
): Promise<InputFiles> {
  const files = new Map<string, TempFile[]>();
  for (const [port, value] of Object.entries(inputs)) {
    const opened: TempFile[] = [];
    for (const asset of assetsIn({ [port]: value })) opened.push(await openAsset(deps, accountId, asset));
    if (opened.length > 0) files.set(port, opened);
  }
  return files;
}

async function removeResult(result: MediaResult): Promise<void> {
  if (result.kind === 'file') await rm(result.path, { force: true });
  if (result.kind === 'work') await rm(result.folder, { force: true, recursive: true });
}

interface Given {
  readonly config: StepInput['config'];
  readonly inputs: NodeInputs;
  readonly files: InputFiles;
}

function buildOperation(definition: NodeDefinition, given: Given): MediaOperation {
  if (definition.implementation.kind !== 'media') {
    throw new StepError('Internal', `${definition.type} is no media node in this release.`);
  }
  const operation = definition.implementation.toOperation(given.config);
  const whole =
    operation['kind'] === 'work' ? wholeWork(operation, given) : oneFile(definition, operation, given);
  const parsed = mediaOperationSchema.safeParse(whole);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new StepError('InputInvalid', `${definition.type} cannot run with its resolved config: ${faults}.`);
}

/** What is no file (a text, a number) takes the place of the config field of the port's name. */
function wholeWork(operation: JsonObject, { config, inputs, files }: Given): object {
  const values = Object.entries(inputs).filter(([port]) => !files.has(port));
  const paths = [...files].map(([port, opened]): [string, string[]] => [
    port,
    opened.map((file) => path.resolve(file.path)),
  ]);
  return {
    ...operation,
    config: { ...config, ...Object.fromEntries(values) },
    inputs: Object.fromEntries(paths),
  };
}

function oneFile(definition: NodeDefinition, operation: JsonObject, { files }: Given): object {
  const [file] = [...files.values()].flat();
  if (file) return { ...operation, inputPath: path.resolve(file.path) };
  throw new StepError('InputInvalid', `${definition.type} got no file. Connect its media input.`);
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
  switch (result.kind) {
    case 'probe':
      return probeOutputs(definition, result.probe);
    case 'work':
      return workOutputs(deps, definition, result, accountId);
    case 'file': {
      const port = Object.keys(definition.outputs).find((name) => mediaTypeOf(definition, name));
      if (port === undefined) throw new StepError('Internal', `${definition.type} declares no media output.`);
      return workOutputs(deps, definition, { files: { [port]: result.path }, values: {} }, accountId);
    }
  }
}

type WorkFiles = Pick<Extract<MediaResult, { kind: 'work' }>, 'files' | 'values'>;

async function workOutputs(
  deps: MediaDependencies,
  definition: NodeDefinition,
  { files, values }: WorkFiles,
  accountId: string,
): Promise<NodeOutputs> {
  const outputs: Record<string, PortValue> = {};
  for (const [port, value] of Object.entries(values)) {
    outputs[port] = await storeValue(deps, valueType(definition.outputs[port]?.type ?? 'any'), value, {
      accountId,
    });
  }
  for (const [port, file] of Object.entries(files)) {
    // A list of files is a list of pictures: no work gives another.
    const type = mediaTypeOf(definition, port) ?? 'image';
    const register = (filePath: string) => registerFile(deps, filePath, type, { accountId });
    if (typeof file === 'string') outputs[port] = await register(file);
    else outputs[port] = await inOrder(file, register);
  }
  return outputs;
}

async function inOrder<T>(
  paths: readonly string[],
  use: (filePath: string) => Promise<T>,
): Promise<readonly T[]> {
  const made: T[] = [];
  for (const each of paths) made.push(await use(each));
  return made;
}

function mediaTypeOf({ outputs }: NodeDefinition, port: string): 'image' | 'video' | 'audio' | undefined {
  const type = outputs[port]?.type;
  return type === 'image' || type === 'video' || type === 'audio' ? type : undefined;
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
