import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planResume } from '../../pipeline/resume/plan-resume';
import type { Quote } from '../../pipeline/quote';
import type { NodeRow } from '../../store/database/executions/execution';
import type { Plan } from '../../workflows/contract';
import { planOf } from '../pipeline/support/compile-body';
import { editedGraphs } from '../support/edited-graphs';

const noQuote: Quote = { minCredits: 0, maxCredits: 0, nodes: [] };

/** The rows of a run in which every step finished. */
function finishedRows(plan: Plan): NodeRow[] {
  return plan.nodes.map(({ id, label, nodeType, nodeKey }) => ({
    ...{ step: id, nodeId: id, nodeType, label, status: 'COMPLETED', nodeKey, isOutput: false },
    outputs: { text: id },
    ...{ provider: 'openai', model: 'm', attempts: 1, fallbackFrom: [], cached: false, credits: 10 },
    ...{ possibleDuplicate: false, error: null, startedAt: null, completedAt: null },
  }));
}

describe('edit and resume', () => {
  it('runs what was changed and what is made from it, of any graph and any edit, and nothing else', () => {
    fc.assert(
      fc.property(editedGraphs('salt', 9), ({ before, after, changed, stepIds }) => {
        const rows = finishedRows(planOf(before));
        const { rerun, reused } = planResume(planOf(after), noQuote, { nodes: rows, jobs: [] });
        expect(new Set(rerun)).toEqual(changed);
        expect(reused.map(({ nodeId }) => nodeId).sort()).toEqual(
          stepIds.filter((id) => !changed.has(id)).sort(),
        );
      }),
      { numRuns: 500 },
    );
  });
});
