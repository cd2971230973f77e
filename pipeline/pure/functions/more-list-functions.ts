import type { JsonValue } from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { isAssetReference, isJsonObject, isList, textOf, valueAt } from '../values';
import { Arguments, jsonAndText, PureFunctionError } from './arguments';

const ITEMS_MAX = 10_000;

const onList =
  (change: (items: readonly JsonValue[], given: Arguments) => readonly JsonValue[]): PureFunction =>
  (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { items: change(given.list('items'), given) };
  };

export const moreListFunctions: Readonly<Record<string, PureFunction>> = {
  pick_image: (config, inputs) => {
    const items = inputs['items'] ?? config['items'];
    const index = new Arguments(config, {}).numberOr('index', 0);
    const item = isList(items) ? items.at(index) : undefined;
    if (isAssetReference(item) && item.type === 'image') return { image: item };
    throw new PureFunctionError(
      `"items" has no picture at ${index}. Connect a list of pictures, such as that of image:split_tiles.`,
    );
  },
  list_sort: onList((items, given) => {
    const direction = given.flag('descending', false) ? -1 : 1;
    const path = pathOf(given);
    return [...items].sort((a, b) => direction * compare(fieldOf(a, path), fieldOf(b, path)));
  }),
  list_reverse: onList((items) => [...items].reverse()),
  list_unique: onList((items, given) => {
    const path = pathOf(given);
    const seen = new Set<string>();
    return items.filter((item) => {
      const key = JSON.stringify(fieldOf(item, path)) ?? '';
      return seen.has(key) ? false : seen.add(key).size > 0;
    });
  }),
  list_filter: onList((items, given) => {
    const path = pathOf(given);
    const test = testOf(given.textOr('operator', 'equals'));
    const value = given.jsonOr('value', null);
    return items.filter((item) => test(fieldOf(item, path) ?? null, value));
  }),
  list_pluck: onList((items, given) => items.map((item) => fieldOf(item, pathOf(given)) ?? null)),
  list_chunk: onList((items, given) => {
    const size = Math.max(1, Math.floor(given.number('size')));
    return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
      items.slice(index * size, (index + 1) * size),
    );
  }),
  list_flatten: onList((items) =>
    items.flatMap((item): readonly JsonValue[] => (isList(item) ? item : [item])),
  ),
  list_zip: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const [a, b] = [given.list('a'), given.list('b')];
    const length = Math.min(a.length, b.length);
    return { items: Array.from({ length }, (_, index) => ({ a: a[index] ?? null, b: b[index] ?? null })) };
  },
  list_range: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const [start, end, step] = [given.numberOr('start', 0), given.number('end'), given.numberOr('step', 1)];
    if (step === 0) throw new PureFunctionError('"step" is 0: the list would never end.');
    const count = Math.max(0, Math.ceil((end - start) / step));
    if (count > ITEMS_MAX)
      throw new PureFunctionError(`The list would have ${count} items; ${ITEMS_MAX} are allowed.`);
    return { items: Array.from({ length: count }, (_, index) => start + index * step) };
  },
  list_contains: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const wanted = JSON.stringify(given.json('value'));
    return { boolean: given.list('items').some((item) => JSON.stringify(item) === wanted) };
  },
  list_pick_random: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const items = given.list('items');
    const item = items[Math.floor(randomOf(given.numberOr('seed', 0)) * items.length)];
    if (item === undefined) throw new PureFunctionError('"items" is empty; there is nothing to choose.');
    return jsonAndText(item);
  },
  list_shuffle: onList((items, given) => {
    const seed = given.numberOr('seed', 0);
    return items
      .map((item, index) => ({ item, place: randomOf(seed * 10_007 + index + 1) }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item);
  }),
};

/** 0 ≤ x < 1, always the same for a seed (mulberry32): a replay must choose again what was chosen. */
export function randomOf(seed: number): number {
  let state = (Math.floor(seed) + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296;
}

function pathOf(given: Arguments): readonly string[] {
  const path = given.textOr('path', '');
  return path === '' ? [] : path.split('.');
}

function fieldOf(item: JsonValue, path: readonly string[]): JsonValue | undefined {
  return valueAt(item, path) as JsonValue | undefined;
}

/** Numbers by size, everything else by its text, in the order of code units: the same on every machine. */
function compare(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [textOf(a ?? null), textOf(b ?? null)];
  return left < right ? -1 : left > right ? 1 : 0;
}

type Test = (value: JsonValue, wanted: JsonValue) => boolean;

const tests: Readonly<Record<string, Test>> = {
  equals: (value, wanted) => JSON.stringify(value) === JSON.stringify(wanted),
  not_equals: (value, wanted) => JSON.stringify(value) !== JSON.stringify(wanted),
  greater: (value, wanted) => compare(value, wanted) > 0,
  less: (value, wanted) => compare(value, wanted) < 0,
  contains: (value, wanted) =>
    isList(value)
      ? value.some((item) => JSON.stringify(item) === JSON.stringify(wanted))
      : textOf(value).includes(textOf(wanted)),
  exists: (value) => value !== null,
  is_empty: (value) =>
    value === null ||
    value === '' ||
    (isList(value) && value.length === 0) ||
    (isJsonObject(value) && Object.keys(value).length === 0),
};

function testOf(operator: string): Test {
  const test = Object.hasOwn(tests, operator) ? tests[operator] : undefined;
  if (test) return test;
  throw new PureFunctionError(
    `There is no operator "${operator.slice(0, 40)}". Use one of ${Object.keys(tests).join(', ')}.`,
  );
}
