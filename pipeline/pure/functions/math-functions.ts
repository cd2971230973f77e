import type { PureFunction } from '../../node-definition';
import { Arguments, PureFunctionError } from './arguments';

const binary =
  (operate: (a: number, b: number) => number): PureFunction =>
  (config, inputs) => {
    const given = new Arguments(config, inputs);
    return finite(operate(given.number('a'), given.number('b')));
  };

const ofMany =
  (choose: (numbers: readonly number[]) => number): PureFunction =>
  (config, inputs) => {
    const numbers = new Arguments(config, inputs).many('numbers').map((value, index) => {
      if (typeof value === 'number') return value;
      throw new PureFunctionError(`Input ${index + 1} of "numbers" is no number.`);
    });
    if (numbers.length === 0) throw new PureFunctionError('"numbers" is empty. Connect at least one number.');
    return finite(choose(numbers));
  };

export const mathFunctions: Readonly<Record<string, PureFunction>> = {
  math_add: binary((a, b) => a + b),
  math_subtract: binary((a, b) => a - b),
  math_multiply: binary((a, b) => a * b),
  math_divide: binary((a, b) => {
    if (b === 0) throw new PureFunctionError('"b" is 0; nothing can be divided by it.');
    return a / b;
  }),
  math_min: ofMany((numbers) => numbers.reduce((least, number) => Math.min(least, number))),
  math_max: ofMany((numbers) => numbers.reduce((most, number) => Math.max(most, number))),
  math_round: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const scale = 10 ** given.numberOr('decimals', 0);
    const scaled = given.number('number') * scale;
    const mode = given.textOr('mode', 'nearest');
    const whole =
      mode === 'up' ? Math.ceil(scaled) : mode === 'down' ? Math.floor(scaled) : Math.round(scaled);
    return finite(whole / scale);
  },
  math_clamp: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const [least, most] = [given.number('min'), given.number('max')];
    if (least > most) throw new PureFunctionError(`"min" (${least}) is above "max" (${most}).`);
    return finite(Math.min(most, Math.max(least, given.number('number'))));
  },
};

function finite(number: number): { readonly number: number } {
  if (Number.isFinite(number)) return { number: number === 0 ? 0 : number };
  throw new PureFunctionError('The result is too large for a number.');
}
