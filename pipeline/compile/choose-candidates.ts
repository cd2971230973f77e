import { PROVIDER_CREDENTIALS } from '../provider-credentials';
import { listOf } from '../graph-issue';
import {
  UnsupportedRequestError,
  valueType,
  type CandidateDefinition,
  type NodeDefinition,
  type NodeRequest,
} from '../node-definition';
import { priceCredits } from '../price';
import type {
  AssetReference,
  Candidate,
  JsonObject,
  JsonValue,
  NodeInputs,
  PortType,
  PortValue,
} from '../../workflows/contract';
import { nodePath, type DraftNode, type Findings } from './draft-node';
import { keyOf } from './read-settings';

/** What may serve at all. */
export interface Availability {
  /** Providers that have a credential; undefined: all (test mode). */
  readonly providers: ReadonlySet<string> | undefined;
  /** YYYY-MM-DD; candidates whose last day is before it are left out. Undefined: none is. */
  readonly today: string | undefined;
}

/** Candidates that the user's `data.providers`, the day and the configured providers leave over, in order of preference. */
export function narrowCandidates(
  draft: DraftNode,
  { providers: available, today }: Availability,
  findings: Findings,
): readonly CandidateDefinition[] {
  const { implementation } = draft.definition;
  if (implementation.kind !== 'provider') return [];
  const chosen = inUserOrder(implementation.candidates, draft.settings.providers);
  const wanted = chosen.filter(({ availableUntil }) => !isPast(availableUntil, today));
  if (wanted.length === 0 && chosen.length > 0) {
    tellRetired(draft, chosen, findings);
    return [];
  }
  const usable = wanted.filter((candidate) => available === undefined || available.has(candidate.provider));
  if (usable.length > 0) return usable;
  const providers = [...new Set(wanted.map((candidate) => candidate.provider))];
  const variables = providers.map((provider) => PROVIDER_CREDENTIALS[provider] ?? provider);
  const message = `No provider of ${draft.definition.type} has a credential here: it is served by ${listOf(providers)}.`;
  const fix = `Set ${listOf(variables)} for API and workers, add a key of your own at /api/v1/provider-keys, or use a test key: the sandbox needs no credential.`;
  findings.add(nodePath(draft.posted), 'no_provider_configured', message, fix);
  return [];
}

function isPast(availableUntil: string | undefined, today: string | undefined): boolean {
  return availableUntil !== undefined && today !== undefined && availableUntil < today;
}

function tellRetired(draft: DraftNode, retired: readonly CandidateDefinition[], findings: Findings): void {
  const { type, successor } = draft.definition;
  const told = retired.map((each) => `${keyOf(each)} (until ${each.availableUntil ?? 'today'})`);
  const message = `What was to serve ${type} is closed: ${listOf(told)}.`;
  const instead = retired.flatMap((each) => (each.successor === undefined ? [] : [each.successor]));
  const hint = successor === undefined ? '' : ` Or use ${successor}.`;
  const named = instead.length === 0 ? '' : ` Its successor is ${listOf([...new Set(instead)])}.`;
  const fix = `Allow other candidates in data.providers.${hint}${named}`;
  findings.add(nodePath(draft.posted), 'model_retired', message, fix);
}

function inUserOrder(
  candidates: readonly CandidateDefinition[],
  names: readonly string[],
): readonly CandidateDefinition[] {
  if (names.length === 0) return candidates;
  const chosen = names.flatMap((name) =>
    candidates.filter((candidate) => candidate.provider === name || keyOf(candidate) === name),
  );
  return [...new Set(chosen)];
}

/**
 * Prices the candidates and leaves out those that cannot serve this config, as far as it is known. What will only be
 * known in the run is stood for by a usual value, so a candidate may still refuse then.
 */
export function priceCandidates(
  draft: DraftNode,
  known: NodeInputs,
  findings: Findings,
): readonly Candidate[] {
  const { definition, definitions, templates } = draft;
  const waiting = new Set(templates.map((template) => template.path[0]));
  const config = Object.fromEntries(Object.entries(draft.config).filter(([key]) => !waiting.has(key)));
  const refusals = new Map(
    templates.length > 0
      ? []
      : definitions.map((each) => [each, refusalOf(each, sampleRequest(definition, config, known))]),
  );
  const serving = definitions.filter((each) => refusals.get(each) === undefined);
  if (serving.length === 0) reportRefusals(draft, refusals, findings);
  else warnOfSkipped(draft, refusals, findings);
  return serving.map((each) => ({
    provider: each.provider,
    model: each.model,
    execution: each.execution,
    priceCredits: priceCredits(each, { config, inputs: known }),
  }));
}

type Refusals = ReadonlyMap<CandidateDefinition, string | undefined>;

function refusalOf(candidate: CandidateDefinition, request: NodeRequest): string | undefined {
  try {
    candidate.toInput(request);
    return undefined;
  } catch (error) {
    if (error instanceof UnsupportedRequestError) return error.message;
    throw error;
  }
}

function reportRefusals(draft: DraftNode, refusals: Refusals, findings: Findings): void {
  const told = [...refusals].map(([candidate, refusal]) => `${keyOf(candidate)}: ${refusal ?? ''}`).join(' ');
  const message = `No candidate of ${draft.definition.type} can serve this config. ${told}`;
  const fix = 'Change what they name, or allow other candidates in data.providers.';
  findings.add(nodePath(draft.posted, 'data', 'config'), 'request_unsupported', message, fix);
}

function warnOfSkipped(draft: DraftNode, refusals: Refusals, findings: Findings): void {
  for (const [candidate, refusal] of refusals) {
    if (refusal === undefined) continue;
    const message = `"${draft.id}" has no fallback to ${keyOf(candidate)}: ${refusal}`;
    findings.warn(nodePath(draft.posted, 'data', 'config'), 'candidate_skipped', message);
  }
}

/** The request with usual values at the connected ports whose values are not known yet. */
function sampleRequest(definition: NodeDefinition, config: JsonObject, known: NodeInputs): NodeRequest {
  const inputs: Record<string, PortValue> = {};
  for (const [name, { type, many, required }] of Object.entries(definition.inputs)) {
    const isGiven = Object.hasOwn(known, name) || Object.hasOwn(config, name);
    const sample = sampleValue(valueType(type));
    if (!isGiven && required) inputs[name] = many ? [sample] : sample;
  }
  return { config, inputs: { ...inputs, ...known } };
}

/** A value of the kind that flows at such a port: enough to ask a model whether it takes the rest of the request. */
export function sampleValue(type: PortType): JsonValue | AssetReference {
  switch (type) {
    case 'text':
      return 'text';
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'json':
      return {};
    default:
      return sampleAsset(type);
  }
}

function sampleAsset(type: AssetReference['type']): AssetReference {
  const mimeType = { image: 'image/png', video: 'video/mp4', audio: 'audio/wav' }[
    type as 'image' | 'video' | 'audio'
  ];
  const size = type === 'image' || type === 'video' ? { width: 1_024, height: 1_024 } : {};
  const identity = { assetId: 'ast_sample', sha256: '0'.repeat(64), bytes: 1 };
  return { type, mimeType: mimeType ?? 'application/octet-stream', ...identity, ...size };
}
