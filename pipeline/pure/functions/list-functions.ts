import type { JsonValue } from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { textOf } from '../values';
import { Arguments, joinTexts, jsonAndText, PureFunctionError } from './arguments';

export const listFunctions: Readonly<Record<string, PureFunction>> = {
  list_collect: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { items: [...given.many('values'), ...given.manyTexts('texts')] };
  },
  list_first: (config, inputs) => itemAt(new Arguments(config, inputs).list('items'), 0),
  list_last: (config, inputs) => itemAt(new Arguments(config, inputs).list('items'), -1),
  list_item: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return itemAt(given.list('items'), given.number('index'));
  },
  list_slice: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const items = given.list('items');
    return { items: items.slice(given.numberOr('start', 0), given.numberOr('end', items.length)) };
  },
  list_length: (config, inputs) => ({ number: new Arguments(config, inputs).list('items').length }),
  list_join: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { text: joinTexts(given.list('items').map(textOf), given.textOr('separator', ', ')) };
  },
};

/** A negative index counts from the end. */
function itemAt(items: readonly JsonValue[], index: number) {
  const item = items.at(index);
  if (item !== undefined) return jsonAndText(item);
  throw new PureFunctionError(`The list has ${items.length} items; there is no item ${index}.`);
}
