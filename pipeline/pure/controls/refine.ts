import type { JsonObject, NodeOutputs, PortValue } from '../../../workflows/contract';
import { Arguments } from '../functions/arguments';
import { isAssetReference, isJsonObject, isList, textOf } from '../values';
import { wait, type Control, type Iteration } from './control';

/**
 * Repeats its body until the score is good enough, the rounds are used up, or another round would go over the budget; the
 * result is the best round's. A round without result or score counts as a try, but never as the best.
 */
export const runRefine: Control = ({ config, iterations }) => {
  const given = new Arguments(config, {});
  const last = iterations.at(-1);
  if (last?.status === 'open') return wait;
  if (last?.status === 'failed' && !given.flag('allowPartial', false))
    return { kind: 'failed', iteration: last.number };
  const best = findBest(iterations, config);
  const isReached = best !== undefined && reaches(best.score, config);
  if (!isReached && iterations.length < given.number('rounds') && isAffordable(iterations, config))
    return { kind: 'open', given: [giveRound(iterations, config, best)] };
  if (best) {
    const { round, score, result } = best;
    return {
      kind: 'done',
      outputs: { result, score, round: round.number, rounds: iterations.length, reached: isReached },
    };
  }
  const failed = iterations.findLast(({ status }) => status === 'failed');
  if (failed) return { kind: 'failed', iteration: failed.number };
  const message = `None of ${iterations.length} rounds brought a result and a score. Look at what the group's members do with them.`;
  return { kind: 'invalid', message };
};

interface Best {
  readonly round: Iteration;
  readonly score: number;
  readonly result: PortValue;
}

/** The earliest of the best: a later one that is no better was not worth its price. */
function findBest(iterations: readonly Iteration[], config: JsonObject): Best | undefined {
  const sign = config['goal'] === 'lowest' ? -1 : 1;
  let best: Best | undefined;
  for (const round of iterations) {
    const { result, score } = round.results;
    if (round.status !== 'done' || result === undefined || typeof score !== 'number') continue;
    if (best === undefined || sign * score > sign * best.score) best = { round, score, result };
  }
  return best;
}

function reaches(score: number, config: JsonObject): boolean {
  const threshold = config['threshold'];
  if (typeof threshold !== 'number') return false;
  return config['goal'] === 'lowest' ? score <= threshold : score >= threshold;
}

/** By the dearest round so far: the next one will cost about that. */
function isAffordable(iterations: readonly Iteration[], config: JsonObject): boolean {
  const budget = config['budgetCredits'];
  if (typeof budget !== 'number' || iterations.length === 0) return true;
  const costs = iterations.map(({ credits }) => credits);
  return costs.reduce((sum, cost) => sum + cost, 0) + Math.max(...costs) <= budget;
}

function giveRound(
  iterations: readonly Iteration[],
  config: JsonObject,
  best: Best | undefined,
): NodeOutputs {
  const feedback = iterations.at(-1)?.results['feedback'];
  return {
    ...varied(config['vary'], iterations.length),
    round: iterations.length + 1,
    feedback: joinFeedback(feedback),
    ...(best ? { best: best.result, bestScore: best.score } : {}),
  };
}

/** Each parameter by its own list: its n-th value in round n, the last one from then on. */
function varied(vary: unknown, place: number): NodeOutputs {
  if (!isJsonObject(vary)) return {};
  const chosen = Object.entries(vary).map(([name, values]) => [
    name,
    isList(values) ? (values[Math.min(place, values.length - 1)] ?? null) : values,
  ]);
  return Object.fromEntries(chosen) as NodeOutputs;
}

/** What lies in the asset store, being over 8 KB, cannot be joined; it is left out. */
function joinFeedback(feedback: PortValue | undefined): string {
  const values = isList(feedback) ? feedback : feedback === undefined ? [] : [feedback];
  const texts = values.filter((value) => value !== null && !isAssetReference(value)).map(textOf);
  return texts.filter((text) => text !== '').join('\n');
}
