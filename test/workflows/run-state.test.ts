import { describe, expect, it } from '@jest/globals';
import type { Plan, PlanNode } from '../../workflows/contract';
import { PlanRun } from '../../pipeline/pure/run/plan-run';
import { currentDetails } from '../../workflows/current-details';
import { RunState } from '../../pipeline/pure/run/run-state';

function aNode(id: string, facts: Partial<PlanNode> = {}): PlanNode {
  return {
    id,
    label: id,
    nodeType: 'utility:prompt_concat',
    nodeTypeVersion: 1,
    work: { kind: 'pure', function: 'text.concat' },
    inputs: [],
    config: {},
    templates: [],
    dependsOn: [],
    nodeKey: id,
    onError: 'fail',
    timeoutSeconds: 600,
    attemptsMax: 3,
    ...facts,
  };
}

function aPlan(...nodes: PlanNode[]): Plan {
  return { interpreter: 1, nodes };
}

const end = { outputs: { text: 'a' }, credits: 2, attempts: 1, unrecorded: true };

describe('RunState', () => {
  it('collects a many port in edge order, whatever the order in which its sources ended', () => {
    const inputs = ['b', 'a'].map((sourceNodeId) => ({
      port: 'texts',
      many: true,
      sourceNodeId,
      sourcePort: 'text',
    }));
    const join = aNode('join', { inputs });
    const plan = aPlan(aNode('a'), aNode('b'), join);
    const state = new RunState(plan, []);
    state.complete('a', { ...end, outputs: { text: 'first' } });
    state.complete('b', { ...end, outputs: { text: 'second' } });
    const run = new PlanRun(plan.nodes, state);
    expect(run.inputsOf(run.step('join'))).toEqual({ texts: ['second', 'first'] });
  });

  it('keeps plan order for ids that look like numbers', () => {
    const state = new RunState(aPlan(aNode('10'), aNode('2')), []);
    state.complete('2', end);
    state.complete('10', end);
    expect(state.unrecorded().map((node) => node.nodeId)).toEqual(['10', '2']);
  });

  it('records neither what activities record themselves nor what an earlier run recorded', () => {
    const carried = [{ nodeId: 'a', status: 'COMPLETED' as const, outputs: { text: 'kept' } }];
    const state = new RunState(aPlan(aNode('a'), aNode('b'), aNode('c')), carried);
    state.complete('b', { ...end, unrecorded: false });
    state.complete('c', end);
    expect(state.unrecorded()).toEqual([{ nodeId: 'c', status: 'COMPLETED', outputs: { text: 'a' } }]);
    expect(state.get('a').outputs).toEqual({ text: 'kept' });
  });

  it('fails the run for the first failed node of the plan, but not for one that may fail', () => {
    const error = { code: 'content_refused', message: 'no', retryable: false } as const;
    const state = new RunState(aPlan(aNode('a', { onError: 'continue' }), aNode('b'), aNode('c')), []);
    state.fail('a', error);
    expect(state.failure()).toBeUndefined();
    state.fail('c', error);
    state.fail('b', error);
    expect(state.failure()).toMatchObject({ nodeId: 'b', code: 'content_refused', resumable: true });
  });

  it('waits with its first waiting node in plan order, which is neither failed nor given up', () => {
    const error = { code: 'budget_reached', message: 'raise it', retryable: true } as const;
    const state = new RunState(aPlan(aNode('a'), aNode('b'), aNode('c')), []);
    state.wait('c', error);
    state.wait('b', error);
    expect(state.failure()).toBeUndefined();
    expect(state.waiting()).toMatchObject({ nodeId: 'b', code: 'budget_reached', resumable: true });
    expect(state.unrecorded().map(({ nodeId, status }) => [nodeId, status])).toEqual([
      ['b', 'WAITING'],
      ['c', 'WAITING'],
    ]);
  });

  it('keeps what waits for a run that continues it, and runs it again only once it is reopened', () => {
    const error = { code: 'submission_unknown', message: 'say so', retryable: false } as const;
    const plan = aPlan(aNode('a'), aNode('b'), aNode('c', { onError: 'continue' }));
    const before = new RunState(plan, []);
    before.complete('a', end);
    before.wait('b', error);
    before.fail('c', error);
    const state = new RunState(plan, before.carry());
    expect(state.waiting()).toMatchObject({ nodeId: 'b', code: 'submission_unknown' });
    // Nobody knows whether the run before has written their rows.
    expect(state.unrecorded()).toMatchObject([
      { nodeId: 'a', status: 'COMPLETED' },
      { nodeId: 'b', status: 'WAITING', error },
      { nodeId: 'c', status: 'FAILED' },
    ]);
    state.reopen();
    expect([...state.steps.values()].map(({ status }) => status)).toEqual([
      'COMPLETED',
      'PENDING',
      'PENDING',
    ]);
    expect([state.waiting(), state.failure()]).toEqual([undefined, undefined]);
    expect(state.unrecorded()).toMatchObject([{ nodeId: 'a', status: 'COMPLETED' }]);
  });

  it('leaves what the batch of an item could not make as it is, when the item is reopened', () => {
    const error = { code: 'provider_unavailable', message: 'away', retryable: true } as const;
    const carried = [{ nodeId: 'shared', status: 'FAILED', outputs: {}, error }] as const;
    const plan = aPlan(aNode('shared', { onError: 'continue' }), aNode('own', { onError: 'continue' }));
    const state = new RunState(plan, carried);
    state.fail('own', error);
    state.reopen(true);
    expect([...state.steps.values()].map(({ status }) => status)).toEqual(['FAILED', 'PENDING']);
  });

  it('fails the run for a node that holds only when the run ends without waiting for it', () => {
    const error = { code: 'media_failed', message: 'no', retryable: false } as const;
    const state = new RunState(aPlan(aNode('a', { onError: 'hold' })), []);
    state.wait('a', error);
    expect(state.failure()).toBeUndefined();
    state.failWaiting();
    expect(state.failure()).toMatchObject({ nodeId: 'a', code: 'media_failed' });
  });

  it('carries finished nodes only', () => {
    const state = new RunState(aPlan(aNode('a'), aNode('b')), []);
    state.complete('a', end);
    state.get('b').status = 'RUNNING';
    expect(state.carry()).toEqual([
      { nodeId: 'a', status: 'COMPLETED', outputs: { text: 'a' }, credits: 2, attempts: 1, unrecorded: true },
    ]);
  });
});

describe('currentDetails', () => {
  it('begins with what the run waits for', () => {
    const plan = aPlan(aNode('a'));
    const state = new RunState(plan, []);
    state.wait('a', { code: 'budget_reached', message: 'Raise it.', retryable: true });
    expect(currentDetails(plan, state)).toMatch(
      /^\*\*WAITING\*\* for you at a, budget_reached: Raise it\.\n\n\| node/,
    );
  });

  it('shows a row per node and survives labels with pipes and new lines', () => {
    const plan = aPlan(aNode('a', { label: 'Hero | shot\nwide' }));
    const state = new RunState(plan, []);
    state.complete('a', {
      ...end,
      candidate: { provider: 'fal', model: 'm', execution: 'queue', priceCredits: 2 },
    });
    expect(currentDetails(plan, state).split('\n').at(-1)).toBe(
      '| Hero \\| shot wide (a) | utility:prompt_concat | COMPLETED | fal:m | 1 | 2 |',
    );
  });

  it('stays within what Temporal keeps', () => {
    const plan = aPlan(
      ...Array.from({ length: 100 }, (_, index) => aNode(`n${index}`, { label: '長'.repeat(100) })),
    );
    expect(Buffer.byteLength(currentDetails(plan, new RunState(plan, [])))).toBeLessThan(20_000);
  });
});
