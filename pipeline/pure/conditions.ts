import type { JsonValue, PortValue } from '../../workflows/contract';
import { isJsonObject, isList, textOf, valueAt } from './values';

/**
 * Rules over values, as data: no code, no patterns. Texts compare without regard to case unless `matchCase` is set; a text
 * that reads as a number compares with numbers, since a model answers in text.
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | Comparison;

export interface Comparison {
  /** Where in the value, as `language` or `faces.0.age`; the value itself unless given. */
  readonly path?: string;
  readonly is: Operator;
  /** What it is compared with; `empty`, `exists` and `true` need none. */
  readonly value?: JsonValue;
  readonly matchCase?: boolean;
}

export const OPERATORS = [
  'equal',
  'not_equal',
  'one_of',
  'contains',
  'starts_with',
  'ends_with',
  'above',
  'at_least',
  'below',
  'at_most',
  'exists',
  'empty',
  'true',
] as const;
export type Operator = (typeof OPERATORS)[number];

export function holds(condition: Condition, value: PortValue | undefined): boolean {
  if ('all' in condition) return condition.all.every((each) => holds(each, value));
  if ('any' in condition) return condition.any.some((each) => holds(each, value));
  if ('not' in condition) return !holds(condition.not, value);
  const { path, is, value: expected = null, matchCase = false } = condition;
  const found = path === undefined || path === '' ? value : valueAt(value, path.split('.'));
  return compare(is, found, expected, (text) => (matchCase ? text : text.toLowerCase().trim()));
}

function compare(
  is: Operator,
  found: PortValue | undefined,
  expected: JsonValue,
  fold: (text: string) => string,
): boolean {
  switch (is) {
    case 'equal':
      return isEqual(found, expected, fold);
    case 'not_equal':
      return !isEqual(found, expected, fold);
    case 'one_of':
      return isList(expected) && expected.some((each) => isEqual(found, each, fold));
    case 'contains':
      return isList(found)
        ? found.some((each) => isEqual(each, expected, fold))
        : found !== undefined && fold(textOf(found)).includes(fold(textOf(expected)));
    case 'starts_with':
      return found !== undefined && fold(textOf(found)).startsWith(fold(textOf(expected)));
    case 'ends_with':
      return found !== undefined && fold(textOf(found)).endsWith(fold(textOf(expected)));
    case 'above':
      return numberOf(found) > numberOf(expected);
    case 'at_least':
      return numberOf(found) >= numberOf(expected);
    case 'below':
      return numberOf(found) < numberOf(expected);
    case 'at_most':
      return numberOf(found) <= numberOf(expected);
    case 'exists':
      return found !== undefined && found !== null;
    case 'empty':
      return isEmpty(found);
    case 'true':
      return found === true || (typeof found === 'string' && fold(found) === 'true');
  }
}

function isEqual(found: PortValue | undefined, expected: PortValue, fold: (text: string) => string): boolean {
  if (found === undefined) return false;
  if (typeof found === 'number' || typeof expected === 'number')
    return numberOf(found) === numberOf(expected);
  return fold(textOf(found)) === fold(textOf(expected));
}

/** NaN for what is no number: no comparison with it holds. */
function numberOf(value: PortValue | undefined): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

function isEmpty(value: PortValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (isList(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
