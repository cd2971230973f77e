import type { PlanNode } from '../../workflows/contract';
import { describe, listOf, quote } from '../graph-issue';
import type { GraphNode } from '../graph';
import type { CandidateDefinition, NodeDefinition } from '../node-definition';
import { nodePath, type Findings, type NodeSettings } from './draft-node';
import { nearest } from './nearest';
import { readCache } from './read-cache';
import { readChanges } from './read-changes';

const ATTEMPTS_DEFAULT = 3;
const ATTEMPTS_MAX = 10;
const TIMEOUT_SECONDS_MAX = 86_400;

/** Reads what every node may set beside its config: `retry`, `timeoutSeconds`, `onError`, `providers`, `cache`. */
export function readSettings(node: GraphNode, definition: NodeDefinition, findings: Findings): NodeSettings {
  return {
    providers: readProviders(node, definition, findings),
    attemptsMax: readAttempts(node, findings),
    changes: readChanges(node, definition, findings),
    timeoutSeconds: readTimeout(node, findings),
    onError: readOnError(node, findings),
    cache: readCache(node, definition, findings),
  };
}

function readAttempts(node: GraphNode, findings: Findings): number {
  const { retry } = node.data;
  if (retry === undefined || retry === null) return ATTEMPTS_DEFAULT;
  const attempts =
    typeof retry === 'object' && 'maximumAttempts' in retry ? retry.maximumAttempts : undefined;
  if (typeof retry === 'object' && attempts === undefined) return ATTEMPTS_DEFAULT;
  if (isIntegerWithin(attempts, 1, ATTEMPTS_MAX)) return attempts;
  const path = nodePath(node, 'data', 'retry', 'maximumAttempts');
  const message = `retry.maximumAttempts must be a whole number from 1 to ${ATTEMPTS_MAX}, but is ${describe(attempts)}.`;
  findings.add(
    path,
    'setting_invalid',
    message,
    `Set it from 1 to ${ATTEMPTS_MAX}, or leave retry out for 3.`,
  );
  return ATTEMPTS_DEFAULT;
}

function readTimeout(node: GraphNode, findings: Findings): number | undefined {
  const { timeoutSeconds } = node.data;
  if (timeoutSeconds === undefined || timeoutSeconds === null) return undefined;
  if (isIntegerWithin(timeoutSeconds, 1, TIMEOUT_SECONDS_MAX)) return timeoutSeconds;
  const message = `timeoutSeconds must be a whole number from 1 to ${TIMEOUT_SECONDS_MAX}, but is ${describe(timeoutSeconds)}.`;
  const fix = 'Set it in seconds, or leave it out: ten times the usual duration, at least 600.';
  findings.add(nodePath(node, 'data', 'timeoutSeconds'), 'setting_invalid', message, fix);
  return undefined;
}

function readOnError(node: GraphNode, findings: Findings): PlanNode['onError'] {
  const { onError } = node.data;
  if (onError === undefined || onError === null) return 'fail';
  if (onError === 'fail' || onError === 'continue' || onError === 'hold') return onError;
  const message = `onError must be "fail", "continue" or "hold", but is ${describe(onError)}.`;
  const fix =
    'Use "fail" (the run fails, independent branches still finish), "continue" (the run goes on without it) or "hold" ' +
    '(the run waits with it until you resume it).';
  findings.add(nodePath(node, 'data', 'onError'), 'setting_invalid', message, fix);
  return 'fail';
}

function readProviders(node: GraphNode, definition: NodeDefinition, findings: Findings): readonly string[] {
  const { providers } = node.data;
  if (providers === undefined || providers === null) return [];
  const path = nodePath(node, 'data', 'providers');
  if (!Array.isArray(providers)) {
    const message = `providers must be a list of texts, but is ${describe(providers)}.`;
    findings.add(path, 'setting_invalid', message, 'Send ["fal", "replicate"] or ["fal:<model>"].');
    return [];
  }
  if (definition.implementation.kind !== 'provider') {
    findings.warn(
      path,
      'providers_ignored',
      `${definition.type} runs on no provider; data.providers has no effect.`,
    );
    return [];
  }
  const { candidates } = definition.implementation;
  const names = new Set(candidates.flatMap((candidate) => [candidate.provider, keyOf(candidate)]));
  const known: string[] = [];
  for (const [index, name] of providers.entries()) {
    if (typeof name === 'string' && names.has(name)) known.push(name);
    else reportProvider(name, [...names], definition, [...path, index], findings);
  }
  return known;
}

function reportProvider(
  name: unknown,
  names: readonly string[],
  definition: NodeDefinition,
  path: readonly (string | number)[],
  findings: Findings,
): void {
  const meant = typeof name === 'string' ? nearest(name, names) : undefined;
  const hint = meant ? `Did you mean "${meant}"? ` : '';
  const fix = `${hint}Use ${listOf(names.map((known) => `"${known}"`))}.`;
  findings.add(path, 'provider_unknown', `${quote(name)} does not serve ${definition.type}.`, fix);
}

/** `provider:model`. */
export function keyOf(candidate: Pick<CandidateDefinition, 'provider' | 'model'>): string {
  return `${candidate.provider}:${candidate.model}`;
}

function isIntegerWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
