import { InvalidArgumentError, Option } from 'commander';

/** For options that may be given many times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/**
 * One `--trigger`: `key=text`, or `key:=json` for a number, a list and so on; added to those before it.
 *
 * @throws InvalidArgumentError
 */
export function collectTrigger(
  given: string,
  before: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const at = given.indexOf('=');
  if (at < 1 || given.startsWith(':='))
    throw new InvalidArgumentError('It is written key=text or key:=json.');
  const isJson = given[at - 1] === ':';
  const key = given.slice(0, isJson ? at - 1 : at);
  const text = given.slice(at + 1);
  return { ...before, [key]: isJson ? parseJson(key, text) : text };
}

/** @throws InvalidArgumentError */
export function positiveInteger(given: string): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('A whole number from 1 is needed.');
}

/** @throws InvalidArgumentError */
export function naturalNumber(given: string): number {
  return given === '0' ? 0 : positiveInteger(given);
}

export interface OverlapOptions {
  readonly overlap?: number;
}

/** Of the rotation of a secret. */
export function overlapOption(): Option {
  const text = 'how long the secrets before it still count; a day unless given';
  return new Option('--overlap <seconds>', text).argParser(naturalNumber);
}

function parseJson(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(`What follows ${key}:= is not JSON; write ${key}=… for a text.`);
  }
}
