import type { NodeInputs, PlanChange } from '../../workflows/contract';
import { formatPath } from '../graph-issue';
import type { RetryChange } from '../retry-change';
import { narrowCandidates, priceCandidates, type Availability } from './choose-candidates';
import { Findings, nodePath, type DraftNode } from './draft-node';
import { keyOf } from './read-settings';
import { resolveConfig, type ResolveContext } from './resolve-config';

/**
 * Compiles the tries that a node gets after failures, each as the node it would be: its config is checked against the
 * node's schema as the posted one was, and priced. Faults are named at the change.
 */
export function compileChanges(
  draft: DraftNode,
  context: ResolveContext,
  available: Availability,
  knownInputs: (draft: DraftNode) => NodeInputs,
): readonly PlanChange[] {
  return draft.settings.changes.map((change, index) => {
    const own = new Findings();
    const variant = variantOf(draft, change);
    checkModel(variant, change, own);
    resolveConfig(variant, { ...context, findings: own });
    const definitions = own.issues.length > 0 ? [] : narrowCandidates(variant, available, own);
    variant.definitions = definitions;
    const candidates = definitions.length > 0 ? priceCandidates(variant, knownInputs(variant), own) : [];
    tellAtChange(draft, index, own, context.findings);
    return {
      on: change.on,
      config: variant.config,
      templates: variant.templates,
      candidates,
      replacedInputs: replacedInputs(draft, change),
    };
  });
}

function variantOf(draft: DraftNode, change: RetryChange): DraftNode {
  const replaced = new Set(replacedInputs(draft, change));
  const { posted, settings, inputs } = draft;
  return {
    ...draft,
    posted: { ...posted, config: { ...posted.config, ...change.set } },
    inputs: inputs.filter(({ port }) => !replaced.has(port)),
    settings: { ...settings, providers: change.model === undefined ? settings.providers : [change.model] },
  };
}

/** What a change sets takes the place of what an edge brings. */
function replacedInputs({ inputs, definition }: DraftNode, { set }: RetryChange): readonly string[] {
  const connected = new Set(inputs.map(({ port }) => port));
  return [...connected].filter((port) => definition.inputs[port]?.orConfig && Object.hasOwn(set, port));
}

function checkModel({ posted, definition }: DraftNode, { model }: RetryChange, findings: Findings): void {
  const { implementation } = definition;
  if (model === undefined || implementation.kind !== 'provider') return;
  const keys = implementation.candidates.map(keyOf);
  const providers = implementation.candidates.map(({ provider }) => provider);
  if ([...keys, ...providers].includes(model)) return;
  const message = `"${model.slice(0, 80)}" does not serve ${definition.type}.`;
  findings.add(nodePath(posted, 'model'), 'provider_unknown', message, `Use one of ${keys.join(', ')}.`);
}

/** Every fault of the try lies in what the change sets: the posted node is judged by itself. */
function tellAtChange(draft: DraftNode, index: number, own: Findings, findings: Findings): void {
  const { posted } = draft;
  const change = formatPath(nodePath(posted, 'data', 'retry', 'changes', index));
  const places = [
    [formatPath(nodePath(posted, 'data', 'config')), `${change}.set`],
    [formatPath(nodePath(posted)), change],
  ] as const;
  const placeOf = (path: string): string => {
    const place = places.find(([from]) => path.startsWith(from));
    return place ? `${place[1]}${path.slice(place[0].length)}` : path;
  };
  findings.issues.push(...own.issues.map((issue) => ({ ...issue, path: placeOf(issue.path) })));
  findings.warnings.push(...own.warnings.map((warning) => ({ ...warning, path: placeOf(warning.path) })));
}
