import { z } from 'zod';
import type { JsonObject, PlanTemplate } from '../../workflows/contract';
import type { IssuePath } from '../graph-issue';
import { listOf } from '../graph-issue';
import type { NodeDefinition } from '../node-definition';
import { configShape } from '../nodes/node-config';
import { utf8Bytes } from '../pure/values';
import type { Findings } from './draft-node';
import { nearest } from './nearest';

/** Config travels in activity payloads, which stay under 64 KB. */
export const CONFIG_BYTES_MAX = 49_152;

/**
 * Checks a config against its node type and fills in defaults. Places that wait for other nodes hold their template as
 * text: where that is not the field's type, the field is left for the activity to check once it is filled.
 * @returns undefined after reporting.
 */
export function validateConfig(
  definition: NodeDefinition,
  config: JsonObject,
  templates: readonly PlanTemplate[],
  path: IssuePath,
  findings: Findings,
): JsonObject | undefined {
  const bytes = utf8Bytes(JSON.stringify(config));
  if (bytes > CONFIG_BYTES_MAX) {
    const message = `The config has ${bytes} bytes with its templates filled; ${CONFIG_BYTES_MAX} are allowed.`;
    findings.add(path, 'config_too_large', message, 'Bring long texts in by an input node and an edge.');
    return undefined;
  }
  const strict = definition.config.safeParse(config);
  if (strict.success) return withBlanks(strict.data, templates);
  const waiting = new Set(templates.map((template) => template.path[0] ?? ''));
  const issues = strict.error.issues.filter((issue) => !waiting.has(String(issue.path[0])));
  for (const issue of issues) reportConfigIssue(issue, definition, config, path, findings);
  if (issues.length > 0) return undefined;
  const shape = { ...configShape(definition.config) };
  for (const key of waiting) if (key in shape) shape[key] = z.unknown();
  const relaxed = z.strictObject(shape).safeParse(config);
  return relaxed.success ? withBlanks(asConfig(relaxed.data), templates) : undefined;
}

/** The workflow fills these places; until then they are empty texts, so that no template source is mistaken for a value. */
function withBlanks(config: JsonObject, templates: readonly PlanTemplate[]): JsonObject {
  if (templates.length === 0) return config;
  const copy: unknown = structuredClone(config);
  for (const { path } of templates) {
    let place: unknown = copy;
    for (const key of path.slice(0, -1)) place = isRecord(place) ? place[key] : undefined;
    const last = path.at(-1);
    if (isRecord(place) && last !== undefined) place[last] = '';
  }
  return isRecord(copy) ? asConfig(copy) : config;
}

function reportConfigIssue(
  issue: z.core.$ZodIssue,
  definition: NodeDefinition,
  config: JsonObject,
  path: IssuePath,
  findings: Findings,
): void {
  const place = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknownKey(key, definition, [...path, ...place], findings);
    return;
  }
  const field = place.join('.') || 'config';
  const isMissing = place.length === 1 && !Object.hasOwn(config, String(place[0]));
  const message = isMissing
    ? `${definition.type} needs "${field}" in its config.`
    : `"${field}" of ${definition.type} is not right: ${issue.message}.`;
  findings.add([...path, ...place], 'config_invalid', message, fixOf(issue, definition, field));
}

function reportUnknownKey(
  key: string,
  definition: NodeDefinition,
  path: IssuePath,
  findings: Findings,
): void {
  const known = Object.keys(configShape(definition.config));
  const meant = nearest(key, known);
  const hint = meant ? `Did you mean "${meant}"? ` : 'Remove it. ';
  const list =
    known.length > 0 ? `${definition.type} knows ${listOf(known)}.` : `${definition.type} takes no config.`;
  const message = `${definition.type} has no config field "${key.slice(0, 80)}".`;
  findings.add([...path, key], 'config_invalid', message, `${hint}${list}`);
}

function fixOf(issue: z.core.$ZodIssue, definition: NodeDefinition, field: string): string {
  switch (issue.code) {
    case 'invalid_value':
      return `Set "${field}" to ${listOf(issue.values.map((value) => JSON.stringify(value)))}.`;
    case 'invalid_type':
      return `Give "${field}" a value of type ${issue.expected}.`;
    case 'too_small':
      return `Set "${field}" to ${String(issue.minimum)} or more.`;
    case 'too_big':
      return `Set "${field}" to ${String(issue.maximum)} or less.`;
    default:
      return `GET /api/v1/nodes shows what "${field}" of ${definition.type} takes.`;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Parsed from JSON by a schema that only fills in JSON. */
function asConfig(value: Record<string, unknown>): JsonObject {
  return value as JsonObject;
}
