import type {
  AssetReference,
  JsonObject,
  JsonValue,
  NodeOutputs,
  PendingText,
  PlanTemplate,
  PortValue,
  TemplatePart,
} from '../../workflows/contract';
import { isAssetReference, isJsonObject, isList, ownValue, textOf, utf8Bytes, valueAt } from './values';

/**
 * `${…}` in config texts. `${name}` and `${name.deeper.0}` read triggerData and variables and are resolved by the
 * compiler; `${nodes.<id>.<port>}` reads an upstream output and is filled by the workflow. `$${` writes a literal `${`.
 * One pass: what a template yields is never read as a template again. Own keys only. No code, no functions.
 */

/** Bytes of UTF-8 that all templates of one config may yield together. */
export const TEMPLATE_BYTES_MAX = 1_000_000;

const REFERENCE_LENGTH_MAX = 256;
const PARTS_MAX = 1_000;
const FORBIDDEN_SEGMENTS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** The only error of this file. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  constructor(
    readonly reason: 'syntax' | 'missing' | 'not_text' | 'too_large',
    message: string,
  ) {
    super(message);
  }
}

/** A piece of a config text as written. */
export type SourcePart = TemplatePart | { readonly kind: 'name'; readonly path: readonly string[] };

/** True when a text must go through `parseTemplate`; without `${` it stands for itself. */
export function isTemplate(text: string): boolean {
  return text.includes('${');
}

/** @throws TemplateError `syntax`, with what is wrong and how to write it. */
export function parseTemplate(source: string): SourcePart[] {
  const parts: SourcePart[] = [];
  let text = '';
  let from = 0;
  for (let start = source.indexOf('${'); start !== -1; start = source.indexOf('${', from)) {
    const isEscaped = start > from && source[start - 1] === '$';
    text += source.slice(from, isEscaped ? start - 1 : start);
    if (isEscaped) {
      text += '${';
      from = start + 2;
      continue;
    }
    const end = source.indexOf('}', start);
    if (end === -1) throw syntaxError(source.slice(start, start + 40), 'has no closing "}"');
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
    parts.push(parseReference(source.slice(start + 2, end)));
    if (parts.length > PARTS_MAX)
      throw new TemplateError('syntax', `More than ${PARTS_MAX} parts in one text.`);
    from = end + 1;
  }
  text += source.slice(from);
  if (text !== '' || parts.length === 0) parts.push({ kind: 'text', text });
  return parts;
}

/** Replaces every part of which the value is known by its text. (A lone name keeps its type: the compiler puts the value itself in its place.) */
export function substituteParts(
  parts: readonly SourcePart[],
  read: (path: readonly string[]) => JsonValue,
): TemplatePart[] {
  const substituted: TemplatePart[] = [];
  for (const part of parts) {
    const next: TemplatePart = part.kind === 'name' ? { kind: 'text', text: textOf(read(part.path)) } : part;
    const last = substituted.at(-1);
    if (next.kind === 'text' && last?.kind === 'text') {
      substituted[substituted.length - 1] = { kind: 'text', text: last.text + next.text };
    } else substituted.push(next);
  }
  return substituted;
}

/**
 * Fills the places of a config that depend on other nodes. What lies in the asset store is not read here: such a place
 * comes back as a pending text, for the activity to join.
 * @param lookup outputs of a finished node.
 * @throws TemplateError when an output is missing, is media, or the whole grows over `TEMPLATE_BYTES_MAX`.
 */
export function fillTemplates(
  config: JsonObject,
  templates: readonly PlanTemplate[],
  lookup: (nodeId: string) => NodeOutputs | undefined,
): { readonly config: JsonObject; readonly texts: readonly PendingText[] } {
  const texts: PendingText[] = [];
  let filled: JsonValue = config;
  let bytes = 0;
  for (const { path, parts } of templates) {
    const values = parts.map((part) => (part.kind === 'text' ? part.text : readReference(part, lookup)));
    bytes += values.reduce<number>((sum, value) => sum + bytesOf(value), 0);
    if (bytes > TEMPLATE_BYTES_MAX) {
      throw new TemplateError(
        'too_large',
        `The filled templates are over ${TEMPLATE_BYTES_MAX} bytes. Shorten what they name.`,
      );
    }
    const [lone] = values;
    if (values.some(isAssetReference)) texts.push({ path, parts: mergeTexts(values) });
    else if (values.length === 1 && lone !== undefined) filled = withValue(filled, path, asJson(lone));
    else filled = withValue(filled, path, values.map(textOf).join(''));
  }
  return { config: isJsonObject(filled) ? filled : config, texts };
}

function parseReference(source: string): SourcePart {
  const reference = source.trim();
  const quoted = `\${${reference.slice(0, 60)}}`;
  if (reference.length > REFERENCE_LENGTH_MAX) throw syntaxError(quoted, 'is too long');
  if (!/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+|\[\d{1,9}\])*$/.test(reference)) {
    throw syntaxError(quoted, 'is not a name');
  }
  const path = reference.replaceAll('[', '.').replaceAll(']', '').split('.');
  if (path.some((segment) => FORBIDDEN_SEGMENTS.includes(segment)))
    throw syntaxError(quoted, 'is not allowed');
  if (path[0] !== 'nodes') return { kind: 'name', path };
  const [, nodeId, port, ...rest] = path;
  if (nodeId === undefined || port === undefined) throw syntaxError(quoted, 'names no output of a node');
  return { kind: 'reference', nodeId, port, path: rest };
}

function syntaxError(what: string, problem: string): TemplateError {
  const forms = '${name}, ${name.key.0} or ${nodes.<id>.<port>}; a literal "${" is written "$${"';
  return new TemplateError('syntax', `The template ${what} ${problem}. Write ${forms}.`);
}

type Reference = Extract<TemplatePart, { kind: 'reference' }>;

function readReference(reference: Reference, lookup: (nodeId: string) => NodeOutputs | undefined): PortValue {
  const { nodeId, port, path } = reference;
  const written = `\${${['nodes', nodeId, port, ...path].join('.')}}`;
  const outputs = lookup(nodeId);
  const output = outputs && Object.hasOwn(outputs, port) ? outputs[port] : undefined;
  if (output === undefined)
    throw new TemplateError('missing', `${written}: node "${nodeId}" gave no "${port}".`);
  if (isAssetReference(output)) {
    if (output.type !== 'text' && output.type !== 'json') {
      throw new TemplateError(
        'not_text',
        `${written} is ${output.type} and cannot stand in a text. Connect it by an edge.`,
      );
    }
    if (path.length === 0) return output;
    const message = `${written} lies in the asset store, being over 8 KB. Take the part out by utility:json_get first.`;
    throw new TemplateError('not_text', message);
  }
  const value = valueAt(output, path);
  if (value !== undefined) return value;
  throw new TemplateError('missing', `${written}: the output has no "${path.join('.')}".`);
}

function bytesOf(value: PortValue): number {
  return isAssetReference(value) ? value.bytes : utf8Bytes(textOf(value));
}

function mergeTexts(values: readonly PortValue[]): (string | AssetReference)[] {
  const merged: (string | AssetReference)[] = [];
  for (const value of values) {
    const last = merged.at(-1);
    if (isAssetReference(value)) merged.push(value);
    else if (typeof last === 'string') merged[merged.length - 1] = last + textOf(value);
    else merged.push(textOf(value));
  }
  return merged;
}

/** A copy with one place set; only the objects on the way are copied. */
function withValue(target: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (isList(target)) {
    return target.map((item, index) =>
      String(index) === key ? withValue(asJson(item), rest, value) : asJson(item),
    );
  }
  if (!isJsonObject(target)) throw new TemplateError('missing', `The config has no place "${key}" to fill.`);
  return { ...target, [key]: withValue(asJson(ownValue(target, key)), rest, value) };
}

/** A place that the schema left out is filled as if it were null. */
function asJson(value: unknown): JsonValue {
  return value === undefined ? null : (value as JsonValue);
}
