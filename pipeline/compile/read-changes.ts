import type { JsonObject } from '../../workflows/contract';
import { listOf } from '../graph-issue';
import type { GraphNode } from '../graph';
import type { NodeDefinition } from '../node-definition';
import { CHANGEABLE_CODES, retryChangeSchema, type RetryChange } from '../retry-change';
import { nodePath, type Findings } from './draft-node';

const CHANGES_MAX = 5;

/** Reads `data.retry.changes`; faulty entries are named and left out. */
export function readChanges(
  node: GraphNode,
  definition: NodeDefinition,
  findings: Findings,
): readonly RetryChange[] {
  const { retry } = node.data;
  const posted =
    typeof retry === 'object' && retry !== null && 'changes' in retry ? retry.changes : undefined;
  if (posted === undefined || posted === null) return [];
  const path = nodePath(node, 'data', 'retry', 'changes');
  const fix = `Send up to ${CHANGES_MAX} of {"on": ["content_refused"], "set": {…}, "model": "provider:model"}.`;
  if (!Array.isArray(posted) || posted.length > CHANGES_MAX) {
    findings.add(
      path,
      'setting_invalid',
      `retry.changes must be a list of at most ${CHANGES_MAX} changes.`,
      fix,
    );
    return [];
  }
  if (definition.implementation.kind !== 'provider') {
    const message = `${definition.type} runs on no provider: there is no failure of one to change it for.`;
    findings.add(path, 'setting_invalid', message, 'Remove retry.changes.');
    return [];
  }
  return posted.flatMap((entry: unknown, index) => readChange(entry, [...path, index], findings));
}

function readChange(
  entry: unknown,
  path: readonly (string | number)[],
  findings: Findings,
): readonly RetryChange[] {
  const parsed = retryChangeSchema.safeParse(entry);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const place = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
      const message = `The change is not right: ${issue.message}.`;
      const fix = `"on" lists any of ${listOf(CHANGEABLE_CODES)}; "set" is an object; "model" a text.`;
      findings.add([...path, ...place], 'setting_invalid', message, fix);
    }
    return [];
  }
  const { on, set, model } = parsed.data;
  if (set === undefined && model === undefined) {
    const message = 'The change changes nothing.';
    findings.add(path, 'setting_invalid', message, 'Give it "set", "model" or both.');
    return [];
  }
  return [{ on, set: asConfig(set ?? {}), model }];
}

/** The document has passed `guardJson`: what is in it is JSON. */
function asConfig(value: Record<string, unknown>): JsonObject {
  return value as JsonObject;
}
