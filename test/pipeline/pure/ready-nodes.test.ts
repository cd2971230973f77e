import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createReadyQueue } from '../../../pipeline/pure/ready-nodes';
import type { PlanNode } from '../../../workflows/contract';

function planNode(id: string, dependsOn: readonly string[]): PlanNode {
  return {
    id,
    label: id,
    nodeType: 'utility:list_collect',
    nodeTypeVersion: 1,
    work: { kind: 'pure', function: 'list_collect' },
    inputs: [],
    config: {},
    templates: [],
    dependsOn,
    nodeKey: id,
    onError: 'fail',
    timeoutSeconds: 600,
    attemptsMax: 3,
  };
}

const ids = (nodes: readonly PlanNode[]): string[] => nodes.map((node) => node.id);

/** Plans of up to 30 nodes in shuffled posted order, without cycles. */
const plans = fc
  .array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .map((rows) =>
    rows.map((row, index) =>
      planNode(
        `n${index}`,
        [...new Set(row.filter((upstream) => upstream < index))].map((upstream) => `n${upstream}`),
      ),
    ),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }));

describe('createReadyQueue', () => {
  it('starts a node the moment its own upstreams are over, without levels', () => {
    const queue = createReadyQueue([
      planNode('a', []),
      planNode('b', []),
      planNode('c', ['a']),
      planNode('d', ['b', 'c']),
    ]);
    expect(ids(queue.takeReady())).toEqual(['a', 'b']);
    expect(queue.takeReady()).toEqual([]);
    queue.settle('a', 'done');
    expect(ids(queue.takeReady())).toEqual(['c']);
    queue.settle('c', 'done');
    expect(queue.takeReady()).toEqual([]);
    queue.settle('b', 'done');
    expect(ids(queue.takeReady())).toEqual(['d']);
    expect(queue.pending()).toBe(1);
    queue.settle('d', 'done');
    expect(queue.pending()).toBe(0);
  });

  it('gives nodes that became ready together in posted order', () => {
    const queue = createReadyQueue([
      planNode('z', ['root']),
      planNode('root', []),
      planNode('a', ['root']),
      planNode('m', ['root']),
    ]);
    queue.takeReady();
    queue.settle('root', 'done');
    expect(ids(queue.takeReady())).toEqual(['z', 'a', 'm']);
  });

  it('blocks everything behind a failed node and nothing else', () => {
    const queue = createReadyQueue([
      planNode('a', []),
      planNode('b', ['a']),
      planNode('c', ['b']),
      planNode('d', []),
      planNode('e', ['d', 'c']),
    ]);
    queue.takeReady();
    queue.settle('a', 'failed');
    expect(queue.blocked()).toEqual(['b', 'c', 'e']);
    expect(queue.pending()).toBe(1);
    queue.settle('d', 'done');
    expect(queue.takeReady()).toEqual([]);
    expect(queue.pending()).toBe(0);
  });

  it('lets nodes behind a skipped one go on', () => {
    const queue = createReadyQueue([planNode('a', []), planNode('b', ['a'])]);
    queue.takeReady();
    queue.settle('a', 'skipped');
    expect(ids(queue.takeReady())).toEqual(['b']);
  });

  it('does not start again what was carried over, and starts what waited for it', () => {
    const queue = createReadyQueue([planNode('a', []), planNode('b', ['a']), planNode('c', ['b'])]);
    queue.settle('a', 'done');
    queue.settle('b', 'done');
    queue.settle('b', 'done');
    expect(ids(queue.takeReady())).toEqual(['c']);
    expect(queue.pending()).toBe(1);
  });

  it('refuses ids that are not in the plan', () => {
    expect(() => createReadyQueue([planNode('a', ['ghost'])])).toThrow('no node "ghost"');
    expect(() => createReadyQueue([]).settle('ghost', 'done')).toThrow('no node "ghost"');
  });

  it('runs every plan as the definition says: a node starts once, after all its upstreams, as soon as they are done', () => {
    fc.assert(
      fc.property(
        plans,
        fc.infiniteStream(fc.nat()),
        fc.infiniteStream(fc.nat(9)),
        (nodes, picks, outcomes) => {
          const queue = createReadyQueue(nodes);
          const running: PlanNode[] = [];
          const started = new Set<string>();
          const done = new Set<string>();
          const lost = new Set<string>();
          for (;;) {
            running.push(...queue.takeReady());
            for (const node of running) started.add(node.id);
            const shouldRun = nodes.filter((node) => node.dependsOn.every((upstream) => done.has(upstream)));
            expect([...started].sort()).toEqual(ids(shouldRun).sort());
            const [node] = running.splice((picks.next().value ?? 0) % Math.max(1, running.length), 1);
            if (!node) break;
            const failed = outcomes.next().value === 0;
            if (failed) lost.add(node.id);
            else done.add(node.id);
            queue.settle(node.id, failed ? 'failed' : 'done');
          }
          const isBehindLost = (node: PlanNode): boolean =>
            node.dependsOn.some(
              (upstream) =>
                lost.has(upstream) || nodes.some((each) => each.id === upstream && isBehindLost(each)),
            );
          expect(queue.blocked()).toEqual(ids(nodes.filter(isBehindLost)));
          expect(queue.pending()).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
