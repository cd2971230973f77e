import type { AssetReference, JsonObject } from '../../workflows/contract';
import type { GraphNode } from '../graph';
import { isJsonObject } from '../pure/values';
import { nodePath, type DraftNode, type Findings } from './draft-node';
import { findInputSource, readInputValue, type InputSource } from './input-value';
import type { NameScope } from './name-scope';
import { resolveTemplates, type NodeLookup } from './resolve-templates';
import { validateConfig } from './validate-config';

export interface ResolveContext {
  /** Names that the texts of a node may use. */
  readonly scopeOf: (reader: DraftNode) => NameScope;
  readonly lookupFor: (reader: DraftNode) => NodeLookup;
  readonly assets: ReadonlyMap<string, AssetReference>;
  readonly findings: Findings;
}

/** Fills the templates of a node's config as far as they are known, and validates it. Marks the draft when it is faulty. */
export function resolveConfig(draft: DraftNode, context: ResolveContext): void {
  const resolved = fillConfig(draft, withoutConnected(draft, context.findings), context);
  const path = nodePath(draft.posted, 'data', 'config');
  const config =
    resolved && validateConfig(draft.definition, resolved.config, resolved.templates, path, context.findings);
  draft.faulty = config === undefined;
  draft.config = config ?? {};
  draft.templates = resolved?.templates ?? [];
}

/** Finds the value of an input node. A value from triggerData is judged even if the node's default is faulty. */
export function resolveInput(draft: DraftNode, isOnlyTextInput: boolean, context: ResolveContext): void {
  const { posted, definition } = draft;
  const { findings, assets } = context;
  const scope = context.scopeOf(draft);
  const path = nodePath(posted, 'data', 'config');
  const resolved = fillConfig(draft, posted.config, context);
  if (resolved && resolved.templates.length > 0) {
    const message = `"${draft.id}" is an input; it cannot wait for another node.`;
    const fix = 'Use the other node by an edge or in a utility node.';
    findings.add(path, 'template_reference_invalid', message, fix);
  }
  const config = resolved && validateConfig(definition, resolved.config, resolved.templates, path, findings);
  const node = resolved ? { ...posted, config: resolved.config } : posted;
  const source = placed(findInputSource(node, isOnlyTextInput, scope, resolved?.config['value']), node);
  // Inside of a workflow the node that stands for it misses the input already.
  if (source.value === undefined && node.origin) {
    draft.faulty = true;
    return;
  }
  const isJudged = config !== undefined || (source.path[0] === 'triggerData' && source.value !== undefined);
  if (isJudged) draft.work = readInputValue(posted, definition, source, assets, findings);
  draft.faulty = draft.work === undefined;
}

/** Inside of a workflow the values come from the config of the node that stands for it. */
function placed(source: InputSource, { origin }: GraphNode): InputSource {
  const [first, ...rest] = source.path;
  if (!origin || first !== 'triggerData') return source;
  return { ...source, path: [...origin.slice(0, -1), 'data', 'config', 'inputs', ...rest] };
}

/** @returns undefined when a template is faulty. */
function fillConfig(draft: DraftNode, config: JsonObject, { scopeOf, lookupFor, findings }: ResolveContext) {
  const before = findings.issues.length;
  const path = nodePath(draft.posted, 'data', 'config');
  const { value, templates } = resolveTemplates(
    config,
    path,
    scopeOf(draft),
    lookupFor(draft),
    findings,
    draft.prefix,
  );
  if (findings.issues.length > before || !isJsonObject(value)) return undefined;
  return { config: value, templates };
}

/** A config field that an edge replaces has no effect, so it is left out of the plan and of the node key. */
function withoutConnected({ id, posted, ports, inputs }: DraftNode, findings: Findings): JsonObject {
  const replaced = new Set(inputs.map((input) => input.port).filter((port) => ports.inputs[port]?.orConfig));
  for (const key of replaced) {
    if (!Object.hasOwn(posted.config, key)) continue;
    const message = `"${key}" of "${id}" comes by an edge; config.${key} has no effect.`;
    findings.warn(nodePath(posted, 'data', 'config', key), 'config_ignored', message);
  }
  return Object.fromEntries(Object.entries(posted.config).filter(([key]) => !replaced.has(key)));
}
