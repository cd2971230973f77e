import type { JsonObject, JsonValue, NodeInputs, PortValue } from '../../../workflows/contract';
import { isAssetReference, isJsonObject, isList, textOf } from '../values';

/** Longest text a pure function may make, UTF-16 units; the same bound holds for JSON written as text. */
export const RESULT_LENGTH_MAX = 1_000_000;

/** The only error of pure functions: which input, what is wrong, what to do. */
export class PureFunctionError extends Error {
  override readonly name = 'PureFunctionError';
}

/** Reads what a function was given: a connected input first, the config field of the same name second. */
export class Arguments {
  constructor(
    private readonly config: JsonObject,
    private readonly inputs: NodeInputs,
  ) {}

  text(name: string): string {
    const value = this.value(name);
    if (value === undefined)
      throw new PureFunctionError(`"${name}" is missing. Connect it or set it in config.`);
    if (typeof value === 'object')
      throw new PureFunctionError(`"${name}" is no text. Use utility:json_stringify.`);
    return textOf(value);
  }

  textOr(name: string, fallback: string): string {
    return this.value(name) === undefined ? fallback : this.text(name);
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new PureFunctionError(
      `"${name}" is ${value === undefined ? 'missing' : 'no number'}. Connect or set a number.`,
    );
  }

  numberOr(name: string, fallback: number): number {
    return this.value(name) === undefined ? fallback : this.number(name);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name);
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    throw new PureFunctionError(`"${name}" is neither true nor false.`);
  }

  json(name: string): JsonValue {
    const value = this.value(name);
    if (value === undefined)
      throw new PureFunctionError(`"${name}" is missing. Connect it or set it in config.`);
    return value;
  }

  jsonOr(name: string, fallback: JsonValue): JsonValue {
    return this.value(name) ?? fallback;
  }

  object(name: string): JsonObject {
    const value = this.json(name);
    if (isJsonObject(value)) return value;
    throw new PureFunctionError(`"${name}" is no JSON object.`);
  }

  list(name: string): readonly JsonValue[] {
    const value = this.json(name);
    if (isList(value)) return value.map((item) => this.plain(item, name));
    throw new PureFunctionError(
      `"${name}" is no list. Make one by utility:text_split or utility:list_collect.`,
    );
  }

  /** Values at a `many` port, in edge order; none when nothing is connected. */
  many(name: string): readonly JsonValue[] {
    return this.value(name) === undefined ? [] : this.list(name);
  }

  manyTexts(name: string): readonly string[] {
    return this.many(name).map(textOf);
  }

  private value(name: string): JsonValue | undefined {
    if (Object.hasOwn(this.inputs, name)) return this.plain(this.inputs[name], name);
    return Object.hasOwn(this.config, name) ? this.config[name] : undefined;
  }

  private plain(value: PortValue | undefined, name: string): JsonValue {
    if (isAssetReference(value)) throw new PureFunctionError(`"${name}" is stored media, not text or JSON.`);
    return (value ?? null) as JsonValue;
  }
}

/** @throws PureFunctionError before a text of that length is made. */
export function checkLength(length: number): void {
  if (length <= RESULT_LENGTH_MAX) return;
  throw new PureFunctionError(
    `The result would have ${length} characters; ${RESULT_LENGTH_MAX} are allowed.`,
  );
}

/** Joins texts after checking how long the result will be. */
export function joinTexts(texts: readonly string[], separator: string): string {
  const separators = Math.max(0, texts.length - 1) * separator.length;
  checkLength(texts.reduce((sum, text) => sum + text.length, separators));
  return texts.join(separator);
}

/** A JSON value at a port that may also be read as text. */
export function jsonAndText(value: JsonValue): { readonly value: JsonValue; readonly text: string } {
  const text = textOf(value);
  checkLength(text.length);
  return { value, text };
}
