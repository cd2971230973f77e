import {
  INTERPRETER_VERSION,
  type AssetReference,
  type JsonValue,
  type NodeInputs,
  type Plan,
  type PortValue,
} from '../../workflows/contract';
import type { CompileInput, CompileResult } from '../compile-input';
import { readGraph, type GraphNode, type ReadGraph } from '../graph';
import { describe, listOf, quote, type GraphIssue } from '../graph-issue';
import { isList, utf8Bytes } from '../pure/values';
import { quoteNodes } from '../quote';
import type { PinnedWorkflow } from '../sub-workflows';
import { assignGroups } from './assign-groups';
import { narrowCandidates, priceCandidates, type Availability } from './choose-candidates';
import { compileChanges } from './compile-changes';
import { computeKeys } from './compute-keys';
import { connectEdges, isVisibleFrom } from './connect-edges';
import { Findings, isInside, nodePath, type DraftNode, type PassedInput } from './draft-node';
import { expandWorkflows, type ExpandedGraph, type ExpandOptions } from './expand-workflows';
import { findConditional } from './find-conditional';
import { findDefinition } from './find-definition';
import { orderDrafts, type DraftOrder } from './order-drafts';
import { outputsSeenBy, resolvePorts } from './port-shapes';
import { asScopeObject, NameScope } from './name-scope';
import { readSettings } from './read-settings';
import { resolveConfig, resolveInput, type ResolveContext } from './resolve-config';
import type { NodeLookup } from './resolve-templates';
import { selectTargets } from './select-targets';
import {
  connectInside,
  defaultsOf,
  definitionOf,
  knownPassed,
  outputEdges,
  valuesGiven,
} from './sub-graph-drafts';
import { toPlanNodes } from './to-plan-node';

/** Bytes of a plan as JSON; Temporal takes payloads of 2 MB, and the workflow input holds more than the plan. */
export const PLAN_BYTES_MAX = 1_000_000;
const ISSUES_MAX = 500;

/** The stages of `compileGraph`, each over all nodes; every fault is collected, none stops the others. */
export class GraphCompiler {
  private readonly findings = new Findings();
  private readonly drafts = new Map<string, DraftNode>();
  private readonly graph: ReadGraph;
  private readonly subGraphs: ExpandedGraph['subGraphs'];
  private readonly stepIds: ReadonlySet<string>;
  /** Names by the prefix of the workflow that they are of; the posted graph has none. */
  private readonly scopes: Map<string, NameScope>;

  constructor(private readonly input: CompileInput) {
    const posted = readGraph(input.graph);
    this.findings.issues.push(...posted.issues);
    this.checkLimits(posted);
    const selected = selectTargets(posted, input.targetNodeIds, this.findings);
    const { graph, subGraphs, failedIds } = expandWorkflows(
      posted,
      selected,
      this.expandOptions(),
      this.findings,
    );
    this.graph = graph;
    this.subGraphs = subGraphs;
    this.stepIds = new Set(graph.nodes.map((node) => node.id));
    this.scopes = new Map([['', this.readScope()]]);
    this.draftNodes(
      (node) => (selected.has(node.id) || node.origin !== undefined) && !failedIds.has(node.id),
    );
  }

  compile(): CompileResult {
    const absentIds = new Set([...this.stepIds].filter((id) => !this.drafts.has(id)));
    assignGroups(this.graph, this.drafts, absentIds, this.findings);
    resolvePorts([...this.graph.edges, ...outputEdges(this.subGraphs)], this.drafts);
    const troubled = connectEdges(this.graph, this.drafts, absentIds, this.findings);
    for (const [id, { ports }] of this.subGraphs) {
      const draft = this.drafts.get(id);
      if (draft) connectInside(draft, ports, this.drafts);
    }
    this.resolveConfigs();
    for (const draft of this.drafts.values()) if (!troubled.has(draft.id)) this.checkRequired(draft);
    for (const draft of this.drafts.values()) this.chooseCandidates(draft);
    for (const draft of this.drafts.values()) this.compileChanges(draft);
    const order = orderDrafts(this.drafts);
    this.reportCycles(order);
    return this.findings.issues.length > 0 ? this.fail() : this.succeed(order);
  }

  private limits() {
    return this.input.limits ?? { nodesMax: 100, edgesMax: 500 };
  }

  private expandOptions(): ExpandOptions {
    const { workflows = new Map<string, PinnedWorkflow>(), workflowId } = this.input;
    return { workflows, workflowId, limits: this.limits() };
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

  private checkLimits(graph: ReadGraph): void {
    const { nodesMax, edgesMax } = this.limits();
    const nodes = graph.nodes.length + graph.faultyIds.size;
    const edges = graph.edges.length;
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
    if (nodes === 0 && graph.issues.length === 0) {
      const emptyFix = 'Add a node such as {"id": "n1", "data": {"nodeType": "input:text"}}.';
      this.findings.add(['nodes'], 'graph_empty', 'The graph has no steps.', emptyFix);
    }
  }

  private draftNodes(isWanted: (node: GraphNode) => boolean): void {
    for (const node of this.graph.nodes.filter(isWanted)) {
      const found = findDefinition(node, this.findings);
      if (!found) continue;
      const subGraph = this.subGraphs.get(node.id);
      const definition = subGraph ? definitionOf(found, subGraph) : found;
      this.drafts.set(node.id, {
        posted: node,
        id: node.id,
        prefix: node.id.slice(0, node.id.lastIndexOf('/') + 1),
        definition,
        group: undefined,
        members: [],
        ports: definition,
        inputs: [],
        taken: [],
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
    const textInputs = [...this.drafts.values()].filter(
      ({ definition, prefix }) => definition.type === 'input:text' && prefix === '',
    );
    const onlyTextInput = textInputs.length === 1 ? textInputs[0] : undefined;
    const context = this.resolveContext();
    // A workflow comes before what is inside of it, which reads the values that it gives.
    for (const draft of this.drafts.values()) {
      if (draft.prefix !== '' && !this.scopes.has(draft.prefix)) draft.faulty = true;
      else if (draft.passes) this.resolvePassed(draft, draft.passes, context);
      else if (draft.definition.implementation.kind !== 'input') resolveConfig(draft, context);
      else resolveInput(draft, draft === onlyTextInput, context);
      this.openScope(draft);
    }
  }

  /** What the input would bring itself is part of its key: it comes when nothing else does. */
  private resolvePassed(draft: DraftNode, passes: PassedInput, context: ResolveContext): void {
    resolveConfig(draft, context);
    const { unconnected, group, name } = passes;
    if (group.ports.inputs[name]?.required) return;
    resolveInput(unconnected, false, context);
    const [value] = unconnected.work?.kind === 'value' ? Object.values(unconnected.work.outputs) : [];
    if (value === undefined) return;
    passes.fallback = value;
    draft.config = { value: value as JsonValue };
  }

  /** The node's version is the one that the run is pinned to: so it is in the plan and in the key. */
  private openScope(draft: DraftNode): void {
    const subGraph = this.subGraphs.get(draft.id);
    if (!subGraph || draft.faulty) return;
    draft.config = { ...draft.config, version: subGraph.workflow.version };
    const given = valuesGiven(draft, this.findings);
    this.scopes.set(`${draft.id}/`, new NameScope(given, subGraph.variables));
  }

  private readonly scopeOf = ({ prefix }: DraftNode): NameScope =>
    this.scopes.get(prefix) ?? new NameScope({}, {});

  /** What the texts of a node may read. */
  private readonly lookupFor = (reader: DraftNode): NodeLookup => {
    return (nodeId) => {
      const draft = this.drafts.get(nodeId);
      if (!draft) return this.graph.faultyIds.has(nodeId) || this.stepIds.has(nodeId) ? 'faulty' : undefined;
      if (!isVisibleFrom(reader, draft) && !isInside(reader, draft)) return 'hidden';
      return { type: draft.definition.type, outputs: outputsSeenBy(reader, draft) };
    };
  };

  private checkRequired(draft: DraftNode): void {
    const connected = new Set(draft.inputs.map((input) => input.port));
    for (const [name, port] of Object.entries(draft.ports.inputs)) {
      if (!port.required || connected.has(name)) continue;
      if (port.orConfig && Object.hasOwn(draft.posted.config, name)) continue;
      const message = `"${draft.id}" (${draft.definition.type}) misses its input "${name}" (${port.type}).`;
      const orConfig = port.orConfig ? `, or set data.config.${name}` : '';
      const fix = `Connect an output of type ${port.type} to its targetHandle "${name}"${orConfig}.`;
      this.findings.add(nodePath(draft.posted), 'input_missing', message, fix);
      draft.faulty = true;
    }
    this.checkTaken(draft);
  }

  private checkTaken(draft: DraftNode): void {
    const taken = new Set(draft.taken.map((input) => input.port));
    for (const [name, port] of Object.entries(draft.ports.inner?.takes ?? {})) {
      if (!port.required || taken.has(name) || draft.members.length === 0) continue;
      const message = `No member of "${draft.id}" (${draft.definition.type}) brings its "${name}".`;
      const fix = `Connect a member's output to targetHandle "${name}" of "${draft.id}".`;
      this.findings.add(nodePath(draft.posted), 'input_missing', message, fix);
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
    return { scopeOf: this.scopeOf, lookupFor: this.lookupFor, findings: this.findings, assets };
  }

  /** What input nodes bring to this node. A `many` port counts as known when all its edges are. */
  private knownInputs(draft: DraftNode): NodeInputs {
    const known: Record<string, PortValue> = {};
    const waiting = new Set<string>();
    for (const { port, many, sourceNodeId, sourcePort } of draft.inputs) {
      const value = this.knownOutput(sourceNodeId, sourcePort);
      if (value === undefined) waiting.add(port);
      else if (!many) known[port] = value;
      else known[port] = [...asList(known[port]), value as JsonValue];
    }
    for (const port of waiting) delete known[port];
    return known;
  }

  private knownOutput(nodeId: string, port: string): PortValue | undefined {
    const draft = this.drafts.get(nodeId);
    if (draft?.passes) return knownPassed(draft, (group) => this.knownInputs(group), port);
    return draft?.work?.kind === 'value' ? draft.work.outputs[port] : undefined;
  }

  private reportCycles({ cycles }: DraftOrder): void {
    for (const cycle of cycles) {
      const [first = ''] = cycle;
      const draft = this.drafts.get(first);
      const names = [...cycle, first].map((id) => `"${id}"`).join(' → ');
      const message = `These nodes wait for each other: ${names}.`;
      const fix = 'Remove one of the edges or templates between them.';
      this.findings.add(draft ? nodePath(draft.posted) : ['nodes'], 'cycle', message, fix);
    }
  }

  private fail(): CompileResult {
    const { issues } = this.findings;
    if (issues.length <= ISSUES_MAX) return { ok: false, issues };
    const message = `There are ${issues.length - ISSUES_MAX} more faults.`;
    const last: GraphIssue = { path: '', code: 'too_many_issues', message, fix: 'Mend these first.' };
    return { ok: false, issues: [...issues.slice(0, ISSUES_MAX), last] };
  }

  private succeed(order: DraftOrder): CompileResult {
    const keys = computeKeys(order, this.drafts);
    const top = [...this.drafts.values()].filter(({ group }) => group === undefined);
    const nodes = toPlanNodes(top, {
      keys,
      knownInputs: (draft) => this.knownInputs(draft),
      defaultsOf: (draft) => defaultsOf(draft, this.drafts.values()),
    });
    const plan: Plan = { interpreter: INTERPRETER_VERSION, nodes };
    const bytes = utf8Bytes(JSON.stringify(plan));
    if (bytes > PLAN_BYTES_MAX) {
      const message = `The compiled graph has ${bytes} bytes; ${PLAN_BYTES_MAX} are allowed.`;
      const largest = [...this.drafts.values()]
        .toSorted((left, right) => sizeOf(right) - sizeOf(left))
        .slice(0, 3);
      const fix = `Shorten the configs of ${listOf(largest.map((node) => `"${node.id}"`))}, or bring long texts in as assets.`;
      this.findings.add(['nodes'], 'plan_too_large', message, fix);
      return this.fail();
    }
    this.warnUnused();
    const quote = quoteNodes(nodes, findConditional(order, this.drafts));
    return { ok: true, plan, quote, warnings: this.findings.warnings };
  }

  private isControl(nodeId: string): boolean {
    return this.drafts.get(nodeId)?.definition.type.startsWith('control:') === true;
  }

  private warnUnused(): void {
    for (const [prefix, scope] of this.scopes) {
      const unused = scope.unused();
      const group = this.drafts.get(prefix.slice(0, -1));
      if (unused.length === 0) continue;
      const names = listOf(unused.map((key) => quote(key)));
      const where = group ? `inputs of "${group.id}"` : 'triggerData';
      const path = group ? nodePath(group.posted, 'data', 'config', 'inputs') : ['triggerData'];
      this.findings.warn(path, 'trigger_data_unused', `Nothing in the graph reads ${names} of ${where}.`);
    }
  }
}

function asList(value: PortValue | undefined): readonly (JsonValue | AssetReference)[] {
  return isList(value) ? value : [];
}

function sizeOf({ config }: DraftNode): number {
  return JSON.stringify(config).length;
}
