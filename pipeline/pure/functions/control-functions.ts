import type {
  AssetReference,
  JsonObject,
  JsonValue,
  NodeOutputs,
  PortValue,
} from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { holds, type Condition } from '../conditions';
import { isAssetReference, isJsonObject, isList, textOf } from '../values';
import { PureFunctionError } from './arguments';

type Item = JsonValue | AssetReference;

/** Ports of a branch that is not taken are left out: what depends on them alone is skipped. */
export const controlFunctions: Readonly<Record<string, PureFunction>> = {
  /** Of an input inside of a workflow that is a node: what came from outside. */
  input_pass: (_config, inputs) => inputs,
  control_router: (config, inputs) => {
    const judged = inputs['on'] ?? config['on'] ?? inputs['value'];
    if (judged === undefined) throw new PureFunctionError('Neither "on" nor "value" came. Connect one.');
    if (isAssetReference(judged) && (judged.type === 'text' || judged.type === 'json'))
      throw new PureFunctionError(
        '"on" lies in the asset store, being over 8 KB. Route by a shorter text, such as a classifier’s answer.',
      );
    const passed = inputs['value'] ?? judged;
    const names = chooseRoutes(config, judged);
    return { ...Object.fromEntries(names.map((name) => [name, passed])), route: names.join(',') };
  },
  control_join: (_config, inputs) => {
    const [first] = itemsAt(inputs['values']);
    if (first === undefined) throw new PureFunctionError('No branch brought a value.');
    return { value: first };
  },
  control_pick_best: (config, inputs) => {
    const candidates = itemsAt(inputs['candidates']);
    const scores = itemsAt(inputs['scores']);
    if (scores.length > 0 && scores.length !== candidates.length)
      throw new PureFunctionError(
        `There are ${candidates.length} candidates and ${scores.length} scores. Connect one score for each, in the same order.`,
      );
    return pickBest(config, candidates, scores);
  },
};

function chooseRoutes(config: JsonObject, judged: PortValue): readonly string[] {
  const routes = readRoutes(config['routes']);
  const taken = routes.filter(({ when }) => holds(when, judged)).map(({ name }) => name);
  if (taken.length === 0) return ['otherwise'];
  return config['mode'] === 'all' ? taken : taken.slice(0, 1);
}

/** Written by the compiler after its schema; templates fill values only. */
function readRoutes(routes: unknown): readonly { readonly name: string; readonly when: Condition }[] {
  const list: readonly unknown[] = isList(routes) ? routes : [];
  return list.filter(isJsonObject).map((route) => ({
    name: textOf(route['name'] ?? ''),
    when: route['when'] as unknown as Condition,
  }));
}

function pickBest(config: JsonObject, candidates: readonly Item[], scores: readonly Item[]): NodeOutputs {
  const sign = config['prefer'] === 'lowest' ? -1 : 1;
  const minimum = config['minimumScore'];
  let best: { readonly place: number; readonly score: number } | undefined;
  candidates.forEach((candidate, place) => {
    const score = candidate === null ? undefined : scoreOf(config, candidate, scores[place], place);
    if (score === undefined || (typeof minimum === 'number' && sign * score < sign * minimum)) return;
    if (best === undefined || sign * score > sign * best.score) best = { place, score };
  });
  if (best === undefined) return { none: true };
  const { place, score } = best;
  return { best: candidates[place] ?? null, score, number: place + 1 };
}

/** By a judge's score where scores are connected, else by the rule. */
function scoreOf(
  config: JsonObject,
  candidate: Item,
  score: Item | undefined,
  place: number,
): number | undefined {
  const rule = config['by'];
  if (rule === 'score') return typeof score === 'number' ? score : undefined;
  if (rule === 'order') return -place;
  if (rule === 'length') return typeof candidate === 'string' ? [...candidate].length : undefined;
  if (rule === 'pixels')
    return isAssetReference(candidate) && candidate.width && candidate.height
      ? candidate.width * candidate.height
      : undefined;
  const fact = isJsonObject(candidate) && typeof rule === 'string' ? candidate[rule] : undefined;
  return typeof fact === 'number' ? fact : undefined;
}

function itemsAt(value: PortValue | undefined): readonly Item[] {
  return isList(value) ? value : value === undefined ? [] : [value];
}
