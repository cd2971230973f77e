import type { AssetReference, JsonValue, PortValue } from '../../../workflows/contract';
import { Arguments } from '../functions/arguments';
import { isAssetReference, isList, textOf } from '../values';
import { wait, type Control, type ControlView, type Decision, type Iteration } from './control';

type Item = JsonValue | AssetReference;

/** Runs its body for each element of a list, at most `concurrency` at a time; results come in the order of the list. */
export const runMap: Control = (view) => {
  const given = new Arguments(view.config, {});
  const items = readItems(view);
  const limit = given.number('limit');
  if (items.length > limit) {
    const message = `The list has ${items.length} elements; "limit" allows ${limit}. Raise it (and the price with it), or shorten the list.`;
    return { kind: 'invalid', message };
  }
  const { iterations } = view;
  const open = iterations.filter(({ status }) => status === 'open').length;
  const failed = iterations.filter(({ status }) => status === 'failed');
  const isHopeless =
    failed.length > 0 && (!given.flag('allowPartial', false) || failed.length === items.length);
  if (!isHopeless && iterations.length < items.length) {
    const from = iterations.length;
    const free = Math.max(0, given.number('concurrency') - open);
    return {
      kind: 'open',
      given: items.slice(from, from + free).map((item, index) => ({ item, number: from + index + 1 })),
    };
  }
  if (open > 0) return wait;
  return isHopeless ? { kind: 'failed', iteration: failed[0]?.number ?? 1 } : collect(iterations);
};

/** A list that comes along an edge counts by its elements. */
function readItems({ config, inputs }: ControlView): readonly Item[] {
  const values = asItems(inputs['items'] ?? config['items'] ?? []);
  const items = values.flatMap((value): readonly Item[] => (isList(value) ? value : [value]));
  return config['itemType'] === 'text' ? items.map(asText) : items;
}

function asText(item: Item): Item {
  return isAssetReference(item) ? item : textOf(item);
}

function asItems(value: PortValue): readonly Item[] {
  return isList(value) ? value : [value];
}

/** A place without a result holds null: its iteration failed, or its branch was not taken. */
function collect(iterations: readonly Iteration[]): Decision {
  const column = (port: string): readonly Item[] =>
    iterations.map(({ results }) => (results[port] ?? null) as Item);
  const failedCount = iterations.filter(({ status }) => status === 'failed').length;
  const hasScores = iterations.some(({ results }) => results['score'] !== undefined);
  return {
    kind: 'done',
    outputs: {
      results: column('result'),
      ...(hasScores ? { scores: column('score') } : {}),
      count: iterations.length,
      failedCount,
    },
  };
}
