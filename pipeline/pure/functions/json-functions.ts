import type { JsonObject, JsonValue } from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { isJsonObject, isList, valueAt } from '../values';
import { Arguments, checkLength, jsonAndText, PureFunctionError } from './arguments';

const DEPTH_MAX = 64;
const forbiddenKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];

export const jsonFunctions: Readonly<Record<string, PureFunction>> = {
  json_parse: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const text = given.text('text');
    return { json: parseJson(given.flag('findInText', true) ? withoutFence(text) : text) };
  },
  json_stringify: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const text = JSON.stringify(given.json('json'), null, given.numberOr('indent', 0));
    checkLength(text.length);
    return { text };
  },
  json_get: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const path = given.text('path');
    const found = valueAt(given.json('json'), toSegments(path)) as JsonValue | undefined;
    if (found !== undefined) return jsonAndText(found);
    if (Object.hasOwn(config, 'fallback')) return jsonAndText(given.json('fallback'));
    throw new PureFunctionError(`The JSON has no "${path}". Set "fallback" if it may be missing.`);
  },
  json_pick: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const from = given.object('json');
    const keys = given.list('keys').filter((key) => typeof key === 'string');
    return { json: fromEntries(keys.flatMap((key) => (Object.hasOwn(from, key) ? [[key, from[key]]] : []))) };
  },
  json_merge: (config, inputs) => {
    const objects = new Arguments(config, inputs).many('objects');
    const entries = objects.flatMap((object, index) => {
      if (isJsonObject(object)) return Object.entries(object);
      throw new PureFunctionError(`Input ${index + 1} of "objects" is no JSON object.`);
    });
    return { json: fromEntries(entries) };
  },
  json_build: (config, inputs) => ({ json: new Arguments(config, inputs).json('json') }),
};

function fromEntries(entries: readonly (readonly [string, JsonValue | undefined])[]): JsonObject {
  const object: Record<string, JsonValue> = {};
  for (const [key, value] of entries) {
    checkKey(key);
    object[key] = value ?? null;
  }
  return object;
}

function checkKey(key: string): void {
  if (forbiddenKeys.includes(key)) throw new PureFunctionError(`The JSON key "${key}" is not allowed.`);
}

function toSegments(path: string): string[] {
  return path === '' ? [] : path.replaceAll('[', '.').replaceAll(']', '').split('.');
}

/** The first fenced block of a model's answer, if it has one. */
function withoutFence(text: string): string {
  const open = text.indexOf('```');
  if (open === -1) return text;
  const lineEnd = text.indexOf('\n', open);
  const close = lineEnd === -1 ? -1 : text.indexOf('```', lineEnd);
  return close === -1 ? text : text.slice(lineEnd + 1, close);
}

function parseJson(text: string): JsonValue {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch {
    throw new PureFunctionError(
      `The text is no JSON: it begins with ${JSON.stringify(text.trim().slice(0, 40))}.`,
    );
  }
  checkShape(parsed);
  return parsed;
}

/** Keys and depth, without recursion: the text may come from a model. */
function checkShape(root: JsonValue): void {
  const open: { readonly value: JsonValue; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= DEPTH_MAX)
      throw new PureFunctionError(`The JSON is nested deeper than ${DEPTH_MAX} levels.`);
    if (!isList(value)) Object.keys(value).forEach(checkKey);
    for (const item of Object.values<JsonValue>(value)) open.push({ value: item, depth: depth + 1 });
  }
}
