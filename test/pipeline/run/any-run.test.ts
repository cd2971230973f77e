import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileGraph } from '../../../pipeline/compile-graph';
import type { Plan } from '../../../workflows/contract';
import { driveRun } from './drive-run';
import { randomFrom, randomGraph, subWorkflowsOf, type PostedGraph } from './random-graph';
import { interpret, type Outcome } from './reference-interpreter';

const seeds = fc.record({ graph: fc.nat(), world: fc.nat(1_000), order: fc.nat() });

/** Random graphs may be large with all that is inside of them. */
const limits = { nodesMax: 1_000, edgesMax: 5_000 };

function compile(graph: PostedGraph): Plan {
  const compiled = compileGraph({ graph, workflows: subWorkflowsOf(graph), limits });
  if (!compiled.ok) throw new Error(JSON.stringify({ graph, issues: compiled.issues }, null, 1));
  return compiled.plan;
}

/** Statuses as the reference has them: what failed work has blocked never began. */
function outcomesOf(
  statuses: ReadonlyMap<string, { readonly status: string }>,
): ReadonlyMap<string, Outcome> {
  const outcomes = [...statuses].map(([step, { status }]): [string, Outcome] => [
    step,
    status === 'PENDING' ? 'BLOCKED' : (status as Outcome),
  ]);
  return new Map(outcomes.sort());
}

describe('any graph with routers, joins, picks, loops and failures', () => {
  it('comes to what the plain reference says, whatever ends first', () => {
    fc.assert(
      fc.property(seeds, ({ graph: seed, world, order }) => {
        const graph = randomGraph(seed);
        const expected = interpret(graph, world);
        const { state, executed } = driveRun(compile(graph), world, { random: randomFrom(order) });
        expect([...executed].sort()).toEqual([...expected.executed].sort());
        expect(outcomesOf(state.steps)).toEqual(new Map([...expected.outcomes].sort()));
        for (const [step, outputs] of expected.outputs)
          expect([step, state.get(step).outputs]).toEqual([step, outputs]);
      }),
      { numRuns: 400 },
    );
  });

  it('comes to the same when it is killed again and again, and repeats nothing that is over', () => {
    fc.assert(
      fc.property(seeds, ({ graph: seed, world, order }) => {
        const graph = randomGraph(seed);
        const expected = interpret(graph, world);
        const { state, executed } = driveRun(compile(graph), world, {
          random: randomFrom(order),
          killChance: 0.3,
        });
        expect([...executed].sort()).toEqual([...expected.executed].sort());
        for (const [step, outputs] of expected.outputs)
          expect([step, state.get(step).outputs]).toEqual([step, outputs]);
      }),
      { numRuns: 200 },
    );
  });
});
