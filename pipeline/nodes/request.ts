import type { AssetReference, JsonValue } from '../../workflows/contract';
import {
  UnsupportedRequestError,
  type NodeRequest,
  type WireInput,
  type WireValue,
} from '../node-definition';
import { isAssetReference, isJsonObject, isList, utf8Bytes } from '../pure/values';

/** Reads a node's resolved request: the connected input first, the config field of the same name second. */

/** @returns undefined when neither an edge nor the config gives it. */
export function optionalText(request: NodeRequest, name: string): string | undefined {
  const value = givenValue(request, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new UnsupportedRequestError(`"${name}" is not a text.`);
}

/** @throws UnsupportedRequestError when the text is missing, empty, or longer than the model takes. */
export function requiredText(request: NodeRequest, name: string, lengthMax: number): string {
  const text = optionalText(request, name)?.trim() ?? '';
  if (text === '') throw new UnsupportedRequestError(`"${name}" is empty. Give it a text.`);
  if (text.length <= lengthMax) return text;
  const problem = `"${name}" has ${text.length} characters; the model takes ${lengthMax}.`;
  throw new UnsupportedRequestError(`${problem} Shorten it, for instance by utility:text_truncate.`);
}

export function optionalNumber(request: NodeRequest, name: string): number | undefined {
  const value = givenValue(request, name);
  return typeof value === 'number' ? value : undefined;
}

/** @throws UnsupportedRequestError when no asset is connected. */
export function requiredAsset(request: NodeRequest, name: string): AssetReference {
  const asset = optionalAsset(request, name);
  if (asset) return asset;
  throw new UnsupportedRequestError(`"${name}" is missing. Connect it.`);
}

export function optionalAsset(request: NodeRequest, name: string): AssetReference | undefined {
  const value = Object.hasOwn(request.inputs, name) ? request.inputs[name] : undefined;
  return isAssetReference(value) ? value : undefined;
}

/** @throws UnsupportedRequestError when the user set something that this model has no parameter for. */
export function refuseIfSet(request: NodeRequest, names: readonly string[], model: string): void {
  for (const name of names) {
    if (givenValue(request, name) === undefined) continue;
    throw new UnsupportedRequestError(`${model} has no "${name}". Remove it to allow this model.`);
  }
}

/** Bytes of a text of the request; a usual 4 KB while it is not known yet. */
export function textBytes(request: NodeRequest, name: string, assumedBytes = 4_096): number {
  const value = givenValue(request, name);
  if (isAssetReference(value)) return value.bytes;
  return typeof value === 'string' ? utf8Bytes(value) : value === undefined ? assumedBytes : 0;
}

/** Drops what is undefined: providers read an absent field as their default, and the request hash stays the same. */
export function definedOnly(fields: Readonly<Record<string, WireValue | undefined>>): WireInput {
  const kept: Record<string, WireValue> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) kept[key] = value;
  return kept;
}

/** A field of a provider's JSON; undefined where it has no such place. */
export function field(
  json: JsonValue | undefined,
  ...path: readonly (string | number)[]
): JsonValue | undefined {
  let current: JsonValue | undefined = json;
  for (const key of path) {
    if (typeof key === 'number') current = isList(current) ? asJson(current[key]) : undefined;
    else if (isJsonObject(current) && Object.hasOwn(current, key)) current = current[key];
    else return undefined;
  }
  return current;
}

/** @returns what an edge brings, else what the config says; undefined when neither does. */
export function givenValue(request: NodeRequest, name: string): unknown {
  if (Object.hasOwn(request.inputs, name)) return request.inputs[name];
  return Object.hasOwn(request.config, name) ? request.config[name] : undefined;
}

/** A reply is parsed JSON: what a list in it holds is JSON. */
function asJson(value: unknown): JsonValue | undefined {
  return value as JsonValue | undefined;
}
