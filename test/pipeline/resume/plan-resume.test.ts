import { describe, expect, it } from '@jest/globals';
import { planResume } from '../../../pipeline/resume/plan-resume';
import type { Quote } from '../../../pipeline/quote';
import type { NodeRow } from '../../../store/database/executions/execution';
import type { Job } from '../../../store/database/jobs/job';
import type { NodeWork, Plan, PlanNode } from '../../../workflows/contract';

const candidate = { provider: 'fal', model: 'm', execution: 'queue', priceCredits: 10 } as const;
const provider: NodeWork = { kind: 'provider', candidates: [candidate] };
const pure: NodeWork = { kind: 'pure', function: 'join' };

function planNode(
  id: string,
  dependsOn: string[] = [],
  work: NodeWork = provider,
  nodeKey = `key-${id}`,
): PlanNode {
  return {
    ...{ id, label: id, nodeType: 'generate:x', nodeTypeVersion: 1, work, dependsOn, nodeKey },
    ...{ inputs: [], config: {}, templates: [], onError: 'fail', timeoutSeconds: 600, attemptsMax: 3 },
  };
}

function row(nodeId: string, status: NodeRow['status'] = 'COMPLETED', nodeKey = `key-${nodeId}`): NodeRow {
  return {
    ...{ step: nodeId, nodeId, nodeType: 'generate:x', label: nodeId, status, nodeKey, isOutput: false },
    outputs: status === 'COMPLETED' ? { out: nodeId } : null,
    ...{ provider: null, model: null, attempts: 1, fallbackFrom: [], cached: false, credits: 10 },
    ...{ possibleDuplicate: false, error: null, startedAt: null, completedAt: null },
  };
}

function job(nodeId: string, state: Job['state'], generation = 1): Job {
  const none = {
    leaseUntil: null,
    providerHandle: null,
    credentialId: null,
    temporalRunId: null,
    failure: null,
  };
  const dates = {
    createdAt: new Date(0),
    submittedAt: null,
    acceptedAt: null,
    storedAt: null,
    settledAt: null,
    closedAt: null,
    cancelRequestedAt: null,
    oddSince: null,
    changeNumber: 0,
    nodeKey: null,
  };
  return {
    ...{
      id: `job_${nodeId}_${generation}`,
      executionId: 'exe_1',
      accountId: 'acc_1',
      mode: 'test',
      step: nodeId,
      nodeId,
    },
    ...{
      nodeType: 'generate:x',
      provider: 'fal',
      model: 'm',
      generation,
      generationReason: 'first',
      requestHash: 'h',
    },
    ...{
      request: {},
      state,
      priceReserved: 10,
      creditsCharged: 0,
      possibleDuplicate: false,
      fallbackFrom: [],
    },
    ...{ outputs: null, ...none, ...dates },
  };
}

function resume(nodes: PlanNode[], rows: NodeRow[], jobs: Job[] = []) {
  const plan: Plan = { interpreter: 1, nodes };
  const quote: Quote = {
    minCredits: 0,
    maxCredits: 0,
    nodes: nodes.map(({ id, nodeType }) => ({ nodeId: id, nodeType, minCredits: 10, maxCredits: 15 })),
  };
  return planResume(plan, quote, { nodes: rows, jobs });
}

const ids = (reused: readonly { nodeId: string }[]) => reused.map(({ nodeId }) => nodeId);

describe('planResume', () => {
  it('lets a delay that has begun count from then, unless it is another one by now', () => {
    const startedAt = new Date('2026-11-01T00:00:00Z');
    const begun = { ...row('b', 'CANCELLED'), startedAt };
    const delayed = (nodeKey: string) => [planNode('a'), planNode('b', ['a'], { kind: 'delay' }, nodeKey)];
    const { carried, reused, rerun } = resume(delayed('key-b'), [row('a'), begun]);
    expect(carried.at(-1)).toEqual({
      ...{ nodeId: 'b', status: 'WAITING', outputs: {}, beganAtMs: startedAt.getTime() },
    });
    expect([ids(reused), rerun]).toEqual([['a'], ['b']]);
    expect(resume(delayed('other'), [row('a'), begun]).carried).toHaveLength(1);
    expect(resume(delayed('key-b'), [row('a', 'FAILED'), begun]).carried).toEqual([]);
  });

  it('keeps what has finished and runs the rest, priced', () => {
    const nodes = [planNode('a'), planNode('b', ['a']), planNode('c', ['b'])];
    const plan = resume(nodes, [row('a'), row('b'), row('c', 'FAILED')]);
    expect([ids(plan.reused), plan.rerun]).toEqual([['a', 'b'], ['c']]);
    expect(plan.carried).toEqual([
      { nodeId: 'a', status: 'COMPLETED', outputs: { out: 'a' } },
      { nodeId: 'b', status: 'COMPLETED', outputs: { out: 'b' } },
    ]);
    expect(plan.creditsNotSpentAgain).toBe(20);
    expect(plan.quote).toMatchObject({ minCredits: 10, maxCredits: 15, nodes: [{ nodeId: 'c' }] });
  });

  it('runs an edited node again, and everything after it, but no other branch', () => {
    const nodes = [
      planNode('a', [], provider, 'new'),
      planNode('b', ['a']),
      planNode('c'),
      planNode('d', ['b', 'c']),
    ];
    const plan = resume(nodes, [row('a'), row('b'), row('c'), row('d', 'FAILED')]);
    expect([ids(plan.reused), plan.rerun]).toEqual([['c'], ['a', 'b', 'd']]);
  });

  it('does not reuse a finished node whose upstream has no result any more', () => {
    const plan = resume([planNode('a'), planNode('b', ['a'])], [row('a', 'FAILED'), row('b')]);
    expect([ids(plan.reused), plan.rerun]).toEqual([[], ['a', 'b']]);
  });

  it('reuses a paid result though the free function before it was not noted as done', () => {
    const nodes = [planNode('join', [], pure), planNode('image', ['join'])];
    const plan = resume(nodes, [row('join', 'PENDING'), row('image')]);
    expect([ids(plan.reused), plan.rerun]).toEqual([['image'], ['join']]);
  });

  it('runs nodes that are new in the plan, and forgets those that left it', () => {
    const plan = resume([planNode('new')], [row('gone')]);
    expect([ids(plan.reused), plan.rerun]).toEqual([[], ['new']]);
  });

  it('takes over paid jobs that are under way, in their newest generation', () => {
    const rows = [row('a', 'FAILED'), row('b', 'CANCELLED'), row('c')];
    const jobs = [job('a', 'FAILED', 1), job('a', 'ACCEPTED', 2), job('b', 'REJECTED'), job('c', 'SETTLED')];
    const plan = resume([planNode('a'), planNode('b'), planNode('c')], rows, jobs);
    expect(plan.adoptedJobs.map(({ id }) => id)).toEqual(['job_a_2']);
  });

  it('does not take over the job of a node that was edited', () => {
    const plan = resume([planNode('a', [], provider, 'new')], [row('a', 'FAILED')], [job('a', 'ACCEPTED')]);
    expect(plan.adoptedJobs).toEqual([]);
  });
});
