import { compileGraph } from '../compile-graph';
import type { CompileInput } from '../compile-input';
import { graphIssue, type GraphIssue } from '../graph-issue';
import { allNodes } from '../pure/all-nodes';
import { utf8Bytes } from '../pure/values';
import type { NodeQuote, Quote } from '../quote';
import type { JsonValue, Plan } from '../../workflows/contract';
import { applyItem, type RunSource } from './apply-item';
import { BatchIssues } from './batch-issues';
import { combineIterators, type ItemRow } from './combine-iterators';
import { findPlaces, type FoundPlaces } from './find-places';
import type { Iterator, IteratorPlace } from './iterators';
import { diffPlan, type PlanPatch } from './plan-patch';
import { itemPlan, splitPlan } from './split-plan';

export interface BatchInput extends Omit<CompileInput, 'graph' | 'triggerData'>, RunSource {
  readonly iterators: readonly Iterator[];
}

export interface CompiledItem {
  /** In the order of the places. */
  readonly values: readonly JsonValue[];
  /** Of the first item's plan. */
  readonly patch: PlanPatch;
  /** Of the nodes that run once per item. */
  readonly quote: Quote;
}

export interface CompiledBatch {
  /** Of the batch itself: its shared nodes, and one node for all items. */
  readonly plan: Plan;
  /** Of the first item. */
  readonly itemPlan: Plan;
  readonly places: readonly IteratorPlace[];
  readonly items: readonly CompiledItem[];
  /** Of the whole batch: a node that runs once per item counts as often as there are items. */
  readonly quote: Quote;
}

export type BatchResult =
  | { readonly ok: true; readonly batch: CompiledBatch }
  | { readonly ok: false; readonly issues: readonly GraphIssue[] };

/** What the rows of all items may weigh together: graph and plan of each, bytes of JSON. */
const DOCUMENT_BYTES_MAX = 256_000_000;

interface Compiled {
  readonly plan: Plan;
  readonly quote: Quote;
}

/**
 * Compiles every item of a batch, as a run of its own would be, and keeps what makes it differ from the first one. A step
 * per item, so that the caller may do something else in between: a thousand large graphs take seconds.
 */
export class BatchCompiler {
  private readonly rows: readonly ItemRow[];
  private readonly found: FoundPlaces;
  private readonly faults: GraphIssue[];
  private readonly issues: BatchIssues;
  private readonly items: CompiledItem[] = [];
  private readonly differing = new Set<string>();
  private first: Compiled | undefined;

  constructor(private readonly input: BatchInput) {
    const combined = combineIterators(input.iterators);
    this.rows = combined.ok ? combined.rows : [];
    this.found = findPlaces(input.graph, input.iterators);
    const combining = combined.ok
      ? []
      : combined.faults.map(({ iterator, code, message, fix }) =>
          graphIssue(['iteratorConfigs', iterator], code, message, fix),
        );
    this.faults = [...this.found.issues, ...combining];
    this.issues = new BatchIssues(this.found.issuePaths);
  }

  /** Items to be compiled: 0 where the iterators themselves are at fault. */
  get itemCount(): number {
    return this.faults.length > 0 ? 0 : this.rows.length;
  }

  /** What an item runs with: for the assets that it names. */
  sourceOf(item: number): RunSource {
    return applyItem(this.input, this.found.places, this.valuesOf(item));
  }

  /** Once for each item, in order. */
  compileItem(item: number, assets: CompileInput['assets']): void {
    const result = compileGraph({ ...this.input, ...this.sourceOf(item), assets });
    if (!result.ok) return this.issues.add(item, this.rows[item] ?? [], result.issues);
    this.issues.addSound();
    this.first ??= result;
    const patch = diffPlan(this.first.plan, result.plan);
    for (const { id } of patch) this.differing.add(id);
    this.items.push({ values: this.valuesOf(item), patch, quote: result.quote });
  }

  finish(): BatchResult {
    const { first } = this;
    const issues = [...this.faults, ...this.issues.list()];
    if (first) issues.push(...this.checkIterated(first.plan), ...this.checkSize(first.plan));
    if (issues.length > 0 || !first) return { ok: false, issues };
    const iterated = new Set(this.found.places.map(({ nodeId }) => nodeId));
    const { plan, perItem } = splitPlan(first.plan, iterated, this.differing);
    const own = new Set(allNodes(first.plan.nodes.filter(({ id }) => perItem.has(id))).map(({ id }) => id));
    const items = this.items.map((item) => ({
      ...item,
      quote: sumUp(item.quote.nodes.filter(({ nodeId }) => own.has(nodeId))),
    }));
    return {
      ok: true,
      batch: {
        plan,
        itemPlan: itemPlan(first.plan, perItem),
        places: this.found.places,
        items,
        quote: this.quoteAll(first.quote, own),
      },
    };
  }

  private valuesOf(item: number): readonly JsonValue[] {
    const row = this.rows[item] ?? [];
    return row.map((place, iterator) => this.input.iterators[iterator]?.values[place] ?? null);
  }

  private quoteAll({ nodes }: Quote, perItem: ReadonlySet<string>): Quote {
    const sums = new Map<string, NodeQuote>();
    for (const { quote } of this.items) {
      for (const node of quote.nodes) {
        const { minCredits = 0, maxCredits = 0 } = sums.get(node.nodeId) ?? {};
        sums.set(node.nodeId, {
          ...node,
          minCredits: minCredits + node.minCredits,
          maxCredits: maxCredits + node.maxCredits,
        });
      }
    }
    return sumUp(nodes.map((node) => (perItem.has(node.nodeId) ? (sums.get(node.nodeId) ?? node) : node)));
  }

  /** Values that nothing would read make a thousand equal items: that was not meant. */
  private checkIterated({ nodes }: Plan): readonly GraphIssue[] {
    const planned = new Map(allNodes(nodes).map((node) => [node.id, node]));
    return this.found.places.flatMap(({ nodeId, path = [] }, index) => {
      const node = planned.get(nodeId);
      const at = ['iteratorConfigs', index];
      if (!node) {
        const message = `"${nodeId}" does not run: it is not among targetNodeIds and what they need.`;
        return [graphIssue([...at, 'nodeId'], 'iterator_node_unknown', message, 'Name a node that runs.')];
      }
      if (!node.inputs.some(({ port }) => port === path[0])) return [];
      const message = `${String(path[0])} of "${nodeId}" comes by an edge, so its config has no effect.`;
      const fix = 'Remove the edge, or iterate the node at its other end.';
      return [graphIssue([...at, 'path'], 'iterator_path_unknown', message, fix)];
    });
  }

  private checkSize(plan: Plan): readonly GraphIssue[] {
    const bytes = utf8Bytes(JSON.stringify(plan)) + utf8Bytes(JSON.stringify(this.input.graph));
    const itemsMax = Math.floor(DOCUMENT_BYTES_MAX / bytes);
    if (this.rows.length <= itemsMax) return [];
    const message = `A graph of this size (${bytes} bytes with its plan) allows ${itemsMax} items; these are ${this.rows.length}.`;
    const fix = 'Split the batch into several calls, or bring long texts of the graph in as assets.';
    return [graphIssue(['iteratorConfigs'], 'too_many_items', message, fix)];
  }
}

function sumUp(nodes: readonly NodeQuote[]): Quote {
  return {
    minCredits: nodes.reduce((sum, { minCredits }) => sum + minCredits, 0),
    maxCredits: nodes.reduce((sum, { maxCredits }) => sum + maxCredits, 0),
    nodes,
  };
}
