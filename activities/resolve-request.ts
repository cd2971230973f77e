import { createHash } from 'node:crypto';
import {
  MediaInput,
  UnsupportedRequestError,
  type CandidateDefinition,
  type NodeDefinition,
  type NodeRequest,
  type WireInput,
  type WireValue,
} from '../pipeline/node-definition';
import { nodeDefinition } from '../pipeline/nodes';
import { priceCredits } from '../pipeline/price';
import { isAssetReference } from '../pipeline/pure/values';
import type {
  AssetReference,
  JobInput,
  JsonObject,
  JsonValue,
  NodeInputs,
  PendingText,
  PortValue,
  StepInput,
} from '../workflows/contract';
import { StepError } from './to-application-failure';

/** Reads a stored text of the account; throws StepError when it is gone. */
export type ReadText = (asset: AssetReference) => Promise<string>;

export interface ResolvedRequest {
  readonly definition: NodeDefinition;
  readonly candidate: CandidateDefinition;
  readonly request: NodeRequest;
  readonly input: WireInput;
  /** Hex SHA-256 of the node type and the canonical request, media by their sha256: what the job row and the cache go by. */
  readonly requestHash: string;
  readonly priceCredits: number;
}

/**
 * Builds the exact request of one candidate and validates it, before anything is reserved or written.
 *
 * @throws StepError `InputInvalid` (no candidate can help) or `ProviderRequestRejected` (another one may).
 */
export async function resolveRequest(input: JobInput, readText: ReadText): Promise<ResolvedRequest> {
  const definition = requireDefinition(input.nodeType);
  const candidate = requireCandidate(definition, input);
  const request = await resolveNodeRequest(definition, input, readText);
  const wire = toWire(candidate, request, input);
  const requestHash = hashRequest(input, candidate, wire);
  return {
    definition,
    candidate,
    request,
    input: wire,
    requestHash,
    priceCredits: priceCredits(candidate, request),
  };
}

/** Config with its texts joined and validated, inputs with stored texts read. */
export async function resolveNodeRequest(
  definition: NodeDefinition,
  input: StepInput,
  readText: ReadText,
): Promise<NodeRequest> {
  const config = await joinTexts(input.config, input.texts, readText);
  const parsed = definition.config.safeParse(config);
  if (!parsed.success) {
    const faults = parsed.error.issues
      .map((issue) => `config.${issue.path.join('.')}: ${issue.message}`)
      .join('; ');
    throw new StepError(
      'InputInvalid',
      `Node "${input.nodeId}" (${definition.type}) cannot run with its resolved config: ${faults}.`,
    );
  }
  return { config: parsed.data, inputs: await readTextInputs(definition, input.inputs, readText) };
}

export function requireDefinition(nodeType: string): NodeDefinition {
  const definition = nodeDefinition(nodeType);
  if (definition) return definition;
  const message = `This worker does not know the node type "${nodeType}". Run a worker of the release that accepted the execution.`;
  throw new StepError('Internal', message);
}

export function requireCandidate(
  definition: NodeDefinition,
  input: Pick<JobInput, 'candidate' | 'nodeType'>,
): CandidateDefinition {
  const { provider, model } = input.candidate;
  const candidates =
    definition.implementation.kind === 'provider' ? definition.implementation.candidates : [];
  const candidate = candidates.find((known) => known.provider === provider && known.model === model);
  if (candidate) return candidate;
  throw new StepError(
    'ModelGone',
    `${input.nodeType} is no longer served by ${provider}:${model} in this release.`,
    { provider },
  );
}

function toWire(candidate: CandidateDefinition, request: NodeRequest, input: JobInput): WireInput {
  try {
    return candidate.toInput(request);
  } catch (error) {
    if (!(error instanceof UnsupportedRequestError)) throw error;
    const message = `${candidate.provider}:${candidate.model} cannot serve node "${input.nodeId}": ${error.message}`;
    throw new StepError('ProviderRequestRejected', message, { provider: candidate.provider, cause: error });
  }
}

async function joinTexts(
  config: JsonObject,
  texts: readonly PendingText[],
  readText: ReadText,
): Promise<JsonObject> {
  if (texts.length === 0) return config;
  const filled: unknown = structuredClone(config);
  for (const { path, parts } of texts) {
    const pieces = await Promise.all(
      parts.map(async (part) => (typeof part === 'string' ? part : readText(part))),
    );
    setOwn(filled, path, pieces.join(''));
  }
  return asJsonObject(filled);
}

/** Own keys only; the path comes from the plan, where no key of a prototype is let in. */
function setOwn(target: unknown, path: readonly string[], text: string): void {
  const last = path.at(-1);
  let place: unknown = target;
  for (const key of path.slice(0, -1))
    place = isRecord(place) && Object.hasOwn(place, key) ? place[key] : undefined;
  if (last === undefined || !isRecord(place))
    throw new StepError('Internal', `The plan names no place config.${path.join('.')}.`);
  place[last] = text;
}

async function readTextInputs(
  definition: NodeDefinition,
  inputs: NodeInputs,
  readText: ReadText,
): Promise<NodeInputs> {
  const resolved: Record<string, PortValue> = {};
  for (const [port, value] of Object.entries(inputs)) {
    const type = definition.inputs[port]?.type;
    const read = async (item: unknown): Promise<JsonValue | AssetReference> => {
      if (!isAssetReference(item)) return asJson(item);
      if (type === 'text' && item.type === 'text') return readText(item);
      if (type === 'json' && item.type === 'json') return asJson(JSON.parse(await readText(item)));
      return item;
    };
    const items: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
    resolved[port] =
      items === undefined ? await read(value) : await Promise.all(items.map((item) => read(item)));
  }
  return resolved;
}

/** With the node type as planned: another version may read the same answer otherwise. */
function hashRequest(
  { nodeType, nodeTypeVersion }: Pick<JobInput, 'nodeType' | 'nodeTypeVersion'>,
  { provider, model, operation }: CandidateDefinition,
  wire: WireInput,
): string {
  const request = { nodeType, nodeTypeVersion, provider, model, operation, input: wire };
  return createHash('sha256').update(canonicalJson(request)).digest('hex');
}

/** Keys sorted, media by their digest: two equal requests give one text. */
function canonicalJson(value: WireValue): string {
  if (value instanceof MediaInput) return `media:${value.asset.sha256}`;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/** The request as the job row keeps it: media as references. */
export function requestDocument(value: WireValue): JsonValue {
  if (value instanceof MediaInput) return { ...value.asset };
  if (Array.isArray(value)) return value.map(requestDocument);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, requestDocument(item)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}

function asJsonObject(value: unknown): JsonObject {
  return value as JsonObject;
}
