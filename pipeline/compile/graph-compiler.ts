import type {
  AssetReference,
  JsonValue,
  NodeInputs,
  Plan,
  PlanNode,
  PortValue,
} from '../../workflows/contract';
import type { CompileInput, CompileResult } from '../compile-input';
import { readGraph, type ReadGraph } from '../graph';
import { describe, listOf, quote, type GraphIssue } from '../graph-issue';
import { computeNodeKey } from '../node-key';
import { isList, utf8Bytes } from '../pure/values';
import { quoteNodes } from '../quote';
import { narrowCandidates, priceCandidates, type Availability } from './choose-candidates';
import { compileChanges } from './compile-changes';
import { connectEdges } from './connect-edges';
import { dependencies, Findings, nodePath, type DraftNode } from './draft-node';
import { orderNodes } from './find-cycles';
import { findDefinition } from './find-definition';
import { asScopeObject, NameScope } from './name-scope';
import { readSettings } from './read-settings';
import { resolveConfig, resolveInput, type ResolveContext } from './resolve-config';
import type { NodeLookup } from './resolve-templates';
import { selectTargets } from './select-targets';
import { toPlanNode } from './to-plan-node';

/** Bytes of a plan as JSON; Temporal takes payloads of 2 MB, and the workflow input holds more than the plan. */
export const PLAN_BYTES_MAX = 1_000_000;
const ISSUES_MAX = 500;

/** The stages of `compileGraph`, each over all nodes; every fault is collected, none stops the others. */
export class GraphCompiler {
  private readonly findings = new Findings();
  private readonly drafts = new Map<string, DraftNode>();
  private readonly graph: ReadGraph;
  private readonly stepIds: ReadonlySet<string>;
  private readonly scope: NameScope;

  constructor(private readonly input: CompileInput) {
    this.graph = readGraph(input.graph);
    this.stepIds = new Set(this.graph.nodes.map((node) => node.id));
    this.findings.issues.push(...this.graph.issues);
    this.scope = this.readScope();
  }

  compile(): CompileResult {
    this.checkLimits();
    const selected = selectTargets(this.graph, this.input.targetNodeIds, this.findings);
    this.draftNodes(selected);
    const absentIds = new Set([...this.stepIds].filter((id) => !this.drafts.has(id)));
    const troubled = connectEdges(this.graph, this.drafts, absentIds, this.findings);
    this.resolveConfigs();
    for (const draft of this.drafts.values()) if (!troubled.has(draft.id)) this.checkRequired(draft);
    for (const draft of this.drafts.values()) this.chooseCandidates(draft);
    for (const draft of this.drafts.values()) this.compileChanges(draft);
    const sorted = this.sort();
    return this.findings.issues.length > 0 ? this.fail() : this.succeed(sorted);
  }

  private readScope(): NameScope {
    const { triggerData, variables } = this.input;
    const trigger = asScopeObject(triggerData);
    if (!trigger) {
      const message = `triggerData must be an object, but is ${describe(triggerData)}.`;
      this.findings.add(
        ['triggerData'],
        'trigger_data_invalid',
        message,
        'Send {"prompt": "…"} or leave it out.',
      );
    }
    return new NameScope(trigger ?? {}, variables ?? {});
  }

  private checkLimits(): void {
    const { nodesMax, edgesMax } = this.input.limits ?? { nodesMax: 100, edgesMax: 500 };
    const nodes = this.graph.nodes.length + this.graph.faultyIds.size;
    const edges = this.graph.edges.length;
    const fix = 'Split the graph into several workflows.';
    if (nodes > nodesMax) {
      this.findings.add(
        ['nodes'],
        'too_many_nodes',
        `The graph has ${nodes} steps; ${nodesMax} are allowed.`,
        fix,
      );
    }
    if (edges > edgesMax) {
      this.findings.add(
        ['edges'],
        'too_many_edges',
        `The graph has ${edges} edges; ${edgesMax} are allowed.`,
        fix,
      );
    }
    if (nodes === 0 && this.graph.issues.length === 0) {
      const emptyFix = 'Add a node such as {"id": "n1", "data": {"nodeType": "input:text"}}.';
      this.findings.add(['nodes'], 'graph_empty', 'The graph has no steps.', emptyFix);
    }
  }

  private draftNodes(selected: ReadonlySet<string>): void {
    for (const node of this.graph.nodes) {
      if (!selected.has(node.id)) continue;
      const definition = findDefinition(node, this.findings);
      if (!definition) continue;
      this.drafts.set(node.id, {
        posted: node,
        id: node.id,
        definition,
        inputs: [],
        settings: readSettings(node, definition, this.findings),
        config: {},
        templates: [],
        work: undefined,
        definitions: [],
        candidates: [],
        changes: [],
        faulty: false,
      });
    }
  }

  private resolveConfigs(): void {
    const textInputs = [...this.drafts.values()].filter((draft) => draft.definition.type === 'input:text');
    const onlyTextInput = textInputs.length === 1 ? textInputs[0] : undefined;
    const context = this.resolveContext();
    for (const draft of this.drafts.values()) {
      if (draft.definition.implementation.kind !== 'input') resolveConfig(draft, context);
      else resolveInput(draft, draft === onlyTextInput, context);
    }
  }

  private readonly lookup: NodeLookup = (nodeId) => {
    const draft = this.drafts.get(nodeId);
    if (draft) return draft.definition;
    return this.graph.faultyIds.has(nodeId) || this.stepIds.has(nodeId) ? 'faulty' : undefined;
  };

  private checkRequired(draft: DraftNode): void {
    const connected = new Set(draft.inputs.map((input) => input.port));
    for (const [name, port] of Object.entries(draft.definition.inputs)) {
      if (!port.required || connected.has(name)) continue;
      if (port.orConfig && Object.hasOwn(draft.posted.config, name)) continue;
      const message = `"${draft.id}" (${draft.definition.type}) misses its input "${name}" (${port.type}).`;
      const orConfig = port.orConfig ? `, or set data.config.${name}` : '';
      const fix = `Connect an output of type ${port.type} to its targetHandle "${name}"${orConfig}.`;
      this.findings.add(nodePath(draft.posted), 'input_missing', message, fix);
      draft.faulty = true;
    }
  }

  private chooseCandidates(draft: DraftNode): void {
    if (draft.definition.implementation.kind !== 'provider') return;
    draft.definitions = narrowCandidates(draft, this.availability(), this.findings);
    if (draft.faulty || draft.definitions.length === 0) return;
    draft.candidates = priceCandidates(draft, this.knownInputs(draft), this.findings);
  }

  private compileChanges(draft: DraftNode): void {
    if (draft.faulty || draft.settings.changes.length === 0) return;
    const knownInputs = (variant: DraftNode): NodeInputs => this.knownInputs(variant);
    draft.changes = compileChanges(draft, this.resolveContext(), this.availability(), knownInputs);
  }

  private availability(): Availability {
    return { providers: this.input.availableProviders, today: this.input.today };
  }

  private resolveContext(): ResolveContext {
    const assets = this.input.assets ?? new Map<string, AssetReference>();
    return { scope: this.scope, lookup: this.lookup, findings: this.findings, assets };
  }

  /** What input nodes bring to this node. A `many` port counts as known when all its edges are. */
  private knownInputs(draft: DraftNode): NodeInputs {
    const known: Record<string, PortValue> = {};
    const waiting = new Set<string>();
    for (const { port, many, sourceNodeId, sourcePort } of draft.inputs) {
      const work = this.drafts.get(sourceNodeId)?.work;
      const value = work?.kind === 'value' ? work.outputs[sourcePort] : undefined;
      if (value === undefined) waiting.add(port);
      else if (!many) known[port] = value;
      else known[port] = [...asList(known[port]), value as JsonValue];
    }
    for (const port of waiting) delete known[port];
    return known;
  }

  private sort(): readonly string[] {
    const waits = new Map([...this.drafts.values()].map((draft) => [draft.id, dependencies(draft)]));
    const { sorted, cycles } = orderNodes(waits);
    for (const cycle of cycles) {
      const [first = ''] = cycle;
      const draft = this.drafts.get(first);
      const names = [...cycle, first].map((id) => `"${id}"`).join(' → ');
      const message = `These nodes wait for each other: ${names}.`;
      const fix = 'Remove one of the edges or templates between them.';
      this.findings.add(draft ? nodePath(draft.posted) : ['nodes'], 'cycle', message, fix);
    }
    return sorted;
  }

  private fail(): CompileResult {
    const { issues } = this.findings;
    if (issues.length <= ISSUES_MAX) return { ok: false, issues };
    const message = `There are ${issues.length - ISSUES_MAX} more faults.`;
    const last: GraphIssue = { path: '', code: 'too_many_issues', message, fix: 'Mend these first.' };
    return { ok: false, issues: [...issues.slice(0, ISSUES_MAX), last] };
  }

  private succeed(sorted: readonly string[]): CompileResult {
    const keys = this.computeKeys(sorted);
    const nodes = [...this.drafts.values()].map((draft) => toPlanNode(draft, keys.get(draft.id) ?? ''));
    const plan: Plan = { interpreter: 1, nodes };
    const bytes = utf8Bytes(JSON.stringify(plan));
    if (bytes > PLAN_BYTES_MAX) {
      const message = `The compiled graph has ${bytes} bytes; ${PLAN_BYTES_MAX} are allowed.`;
      const largest = nodes.toSorted((left, right) => sizeOf(right) - sizeOf(left)).slice(0, 3);
      const fix = `Shorten the configs of ${listOf(largest.map((node) => `"${node.id}"`))}, or bring long texts in as assets.`;
      this.findings.add(['nodes'], 'plan_too_large', message, fix);
      return this.fail();
    }
    this.warnUnused();
    return { ok: true, plan, quote: quoteNodes(nodes), warnings: this.findings.warnings };
  }

  private computeKeys(sorted: readonly string[]): ReadonlyMap<string, string> {
    const keys = new Map<string, string>();
    for (const id of sorted) {
      const draft = this.drafts.get(id);
      if (!draft) continue;
      const { definition, config, templates, work, settings, inputs } = draft;
      const identity = {
        nodeType: definition.type,
        nodeTypeVersion: definition.version,
        config,
        templates,
        work,
        inputs,
        changes: draft.changes.map((change, place) => ({ ...change, model: settings.changes[place]?.model })),
      };
      const key = computeNodeKey(
        { ...identity, providers: settings.providers },
        (upstream) => keys.get(upstream) ?? '',
      );
      keys.set(id, key);
    }
    return keys;
  }

  private warnUnused(): void {
    const unused = this.scope.unused();
    if (unused.length === 0) return;
    const message = `Nothing in the graph reads ${listOf(unused.map((key) => quote(key)))} of triggerData.`;
    this.findings.warn(['triggerData'], 'trigger_data_unused', message);
  }
}

function asList(value: PortValue | undefined): readonly (JsonValue | AssetReference)[] {
  return isList(value) ? value : [];
}

function sizeOf(node: PlanNode): number {
  return JSON.stringify(node).length;
}
