import type { PlanNode } from '../../workflows/contract';

export type NodeOutcome = 'done' | 'failed' | 'skipped';

/** Says which nodes of a plan may start; knows no time, no I/O and no work. */
export interface ReadyQueue {
  /** Nodes whose upstreams are all over well and that were not taken before, in posted order. */
  takeReady(): PlanNode[];
  /**
   * A node is over. `done` and `skipped` release the nodes behind it, `failed` blocks all of them, near and far.
   * Settling a node that was never taken (a carried one) counts; settling twice changes nothing.
   * @throws Error for an unknown id.
   */
  settle(nodeId: string, outcome: NodeOutcome): void;
  /** Ids of nodes that can never start since something before them failed, in posted order. */
  blocked(): string[];
  /** Nodes that are neither over nor blocked: waiting, ready or taken. 0: nothing is left to do. */
  pending(): number;
}

interface Entry {
  readonly node: PlanNode;
  readonly index: number;
  readonly followers: Entry[];
  waitsFor: number;
  state: 'waiting' | 'ready' | 'taken' | 'settled' | 'blocked';
}

/**
 * Queue over a plan without cycles. No levels and no barriers: a node is ready the moment its own upstreams are over.
 * Every call costs what it changes, not the size of the plan (`blocked` apart).
 * @throws Error when a node depends on one that is not in the plan.
 */
export function createReadyQueue(nodes: readonly PlanNode[]): ReadyQueue {
  return new DependencyQueue(nodes);
}

class DependencyQueue implements ReadyQueue {
  private readonly entries: ReadonlyMap<string, Entry>;
  private ready: Entry[] = [];
  private open: number;

  constructor(nodes: readonly PlanNode[]) {
    this.entries = new Map(nodes.map((node, index) => [node.id, createEntry(node, index)]));
    this.open = nodes.length;
    for (const entry of this.entries.values()) this.link(entry);
    for (const entry of this.entries.values()) this.readyWhenFree(entry);
  }

  takeReady(): PlanNode[] {
    const taken = this.ready.filter((entry) => entry.state === 'ready');
    this.ready = [];
    taken.sort((left, right) => left.index - right.index);
    for (const entry of taken) entry.state = 'taken';
    return taken.map((entry) => entry.node);
  }

  settle(nodeId: string, outcome: NodeOutcome): void {
    const entry = this.entryOf(nodeId);
    if (entry.state === 'settled') return;
    if (entry.state !== 'blocked') this.open -= 1;
    entry.state = 'settled';
    if (outcome === 'failed') this.open -= blockBehind(entry);
    else entry.followers.forEach((follower) => this.release(follower));
  }

  blocked(): string[] {
    return [...this.entries.values()]
      .filter((entry) => entry.state === 'blocked')
      .map((entry) => entry.node.id);
  }

  pending(): number {
    return this.open;
  }

  private link(entry: Entry): void {
    for (const upstream of new Set(entry.node.dependsOn)) {
      this.entryOf(upstream).followers.push(entry);
      entry.waitsFor += 1;
    }
  }

  private release(entry: Entry): void {
    entry.waitsFor -= 1;
    this.readyWhenFree(entry);
  }

  private readyWhenFree(entry: Entry): void {
    if (entry.waitsFor > 0 || entry.state !== 'waiting') return;
    entry.state = 'ready';
    this.ready.push(entry);
  }

  private entryOf(nodeId: string): Entry {
    const entry = this.entries.get(nodeId);
    if (!entry) throw new Error(`The plan has no node "${nodeId}".`);
    return entry;
  }
}

function createEntry(node: PlanNode, index: number): Entry {
  return { node, index, followers: [], waitsFor: 0, state: 'waiting' };
}

/** @returns How many nodes became blocked. What is taken or over already is left alone. */
function blockBehind(failed: Entry): number {
  let count = 0;
  const open = [...failed.followers];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (entry.state !== 'waiting' && entry.state !== 'ready') continue;
    entry.state = 'blocked';
    count += 1;
    open.push(...entry.followers);
  }
  return count;
}
