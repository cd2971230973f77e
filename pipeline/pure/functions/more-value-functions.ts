import type { JsonObject, JsonValue } from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { isJsonObject } from '../values';
import { Arguments, PureFunctionError } from './arguments';
import { randomOf } from './more-list-functions';

const forbiddenKeys: readonly string[] = ['__proto__', 'constructor', 'prototype'];
const DEPTH_MAX = 32;

/** More work on JSON and on numbers. */
export const moreValueFunctions: Readonly<Record<string, PureFunction>> = {
  json_set: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const path = given.text('path').split('.');
    if (path.length > DEPTH_MAX) throw new PureFunctionError(`"path" is deeper than ${DEPTH_MAX} levels.`);
    return { json: setAt(given.object('json'), path, given.json('value')) };
  },
  json_keys: (config, inputs) => ({ items: Object.keys(new Arguments(config, inputs).object('json')) }),
  json_omit: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const left = given.list('keys');
    const entries = Object.entries(given.object('json')).filter(([key]) => !left.includes(key));
    entries.forEach(([key]) => checkKey(key));
    return { json: Object.fromEntries(entries) };
  },
  math_power: ofTwo((a, b) => a ** b),
  math_modulo: ofTwo((a, b) => {
    if (b === 0) throw new PureFunctionError('"b" is 0; nothing can be divided by it.');
    return ((a % b) + b) % b;
  }),
  math_absolute: (config, inputs) => finite(Math.abs(new Arguments(config, inputs).number('number'))),
  math_sum: (config, inputs) => finite(numbersOf(config, inputs).reduce((sum, number) => sum + number, 0)),
  math_average: (config, inputs) => {
    const numbers = numbersOf(config, inputs);
    if (numbers.length === 0) throw new PureFunctionError('"items" is empty; it has no mean.');
    return finite(numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
  },
  math_scale: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const [fromMin, fromMax] = [given.numberOr('fromMin', 0), given.numberOr('fromMax', 1)];
    const [toMin, toMax] = [given.numberOr('toMin', 0), given.numberOr('toMax', 100)];
    if (fromMin === fromMax) throw new PureFunctionError('"fromMin" and "fromMax" are the same.');
    return finite(toMin + ((given.number('number') - fromMin) / (fromMax - fromMin)) * (toMax - toMin));
  },
  math_compare: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const operator = given.textOr('operator', 'greater');
    const test = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
    if (!test) throw new PureFunctionError(`There is no comparison "${operator.slice(0, 40)}".`);
    return { boolean: test(given.number('a'), given.number('b')) };
  },
  math_random: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const [min, max] = [given.numberOr('min', 0), given.numberOr('max', 1)];
    if (min > max) throw new PureFunctionError(`"min" (${min}) is above "max" (${max}).`);
    const part = randomOf(given.numberOr('seed', 0));
    const isWhole = given.flag('whole', false);
    return finite(isWhole ? Math.floor(min + part * (Math.floor(max) - min + 1)) : min + part * (max - min));
  },
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  equal: (a, b) => a === b,
  greater: (a, b) => a > b,
  greater_or_equal: (a, b) => a >= b,
  less: (a, b) => a < b,
  less_or_equal: (a, b) => a <= b,
};

function ofTwo(operate: (a: number, b: number) => number): PureFunction {
  return (config, inputs) => {
    const given = new Arguments(config, inputs);
    return finite(operate(given.number('a'), given.number('b')));
  };
}

function numbersOf(config: JsonObject, inputs: Parameters<PureFunction>[1]): readonly number[] {
  return new Arguments(config, inputs).list('items').map((item, index) => {
    if (typeof item === 'number') return item;
    throw new PureFunctionError(`Item ${index} of "items" is no number.`);
  });
}

/** A new object; what lies on the way and is no object is replaced. */
function setAt(object: JsonObject, [key = '', ...rest]: readonly string[], value: JsonValue): JsonObject {
  checkKey(key);
  const inner = Object.hasOwn(object, key) ? object[key] : undefined;
  return {
    ...object,
    [key]: rest.length === 0 ? value : setAt(isJsonObject(inner) ? inner : {}, rest, value),
  };
}

function checkKey(key: string): void {
  if (forbiddenKeys.includes(key)) throw new PureFunctionError(`The JSON key "${key}" is not allowed.`);
}

function finite(number: number): { readonly number: number } {
  if (Number.isFinite(number)) return { number: number === 0 ? 0 : number };
  throw new PureFunctionError('The result is no finite number.');
}
