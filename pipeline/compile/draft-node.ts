import type {
  Candidate,
  JsonObject,
  NodeWork,
  PlanChange,
  PlanInput,
  PlanNode,
  PlanTemplate,
  PortValue,
} from '../../workflows/contract';
import type { GraphEdge, GraphNode } from '../graph';
import type { GraphIssue, GraphIssueCode, GraphWarning, IssuePath } from '../graph-issue';
import { formatPath, graphIssue } from '../graph-issue';
import type { CandidateDefinition, NodeDefinition, NodePorts } from '../node-definition';
import type { RetryChange } from '../retry-change';

/** A node of a known type on its way into the plan; each stage of the compiler fills its part. */
export interface DraftNode {
  posted: GraphNode;
  readonly id: string;
  definition: NodeDefinition;
  /** Of a node inside of another workflow, `sub/`: its names and references are of that workflow. */
  readonly prefix: string;
  /** Of an input inside of another workflow: what an edge from outside brings to it. */
  passes?: PassedInput;
  /** The group that it is a member of. */
  group: DraftNode | undefined;
  /** Of a group: its members, in posted order. */
  readonly members: DraftNode[];
  /** As connected: see port-shapes.ts. */
  ports: NodePorts;
  readonly inputs: PlanInput[];
  /** Of a group: what its members bring to it. */
  readonly taken: PlanInput[];
  settings: NodeSettings;
  config: JsonObject;
  templates: readonly PlanTemplate[];
  /** Set for input nodes. */
  work: NodeWork | undefined;
  /** Candidates that the user, the node type and the configured providers leave over. */
  definitions: readonly CandidateDefinition[];
  candidates: readonly Candidate[];
  /** Tries after failures, in order. */
  changes: readonly PlanChange[];
  /** Something of this node itself is faulty, so that later stages would only repeat it. */
  faulty: boolean;
}

/** An input of a workflow that is a node: it has the value of a port of that node. */
export interface PassedInput {
  readonly group: DraftNode;
  /** Port of the group. */
  readonly name: string;
  /** As the input would be without an edge: it may have a value of its own, for when nothing comes. */
  readonly unconnected: DraftNode;
  /** That value. */
  fallback?: PortValue;
}

export interface NodeSettings {
  readonly providers: readonly string[];
  readonly attemptsMax: number;
  readonly changes: readonly RetryChange[];
  readonly timeoutSeconds: number | undefined;
  readonly onError: PlanNode['onError'];
  readonly cache: 'workspace' | undefined;
}

/** Collects what the stages find. */
export class Findings {
  readonly issues: GraphIssue[] = [];
  readonly warnings: GraphWarning[] = [];

  add(path: IssuePath, code: GraphIssueCode, message: string, fix: string): void {
    this.issues.push(graphIssue(path, code, message, fix));
  }

  warn(path: IssuePath, code: GraphWarning['code'], message: string): void {
    this.warnings.push({ path: formatPath(path), code, message });
  }
}

/** Path of a node's part in the request body. */
export function nodePath(node: GraphNode, ...rest: readonly (string | number)[]): IssuePath {
  return [...(node.origin ?? []), 'nodes', node.index, ...rest];
}

/** Path of an edge's part in the request body. */
export function edgePath(edge: GraphEdge, ...rest: readonly string[]): IssuePath {
  return [...(edge.origin ?? []), 'edges', edge.index, ...rest];
}

/** The groups around a node, from the inside out. */
export function groupsAround(draft: DraftNode): readonly DraftNode[] {
  return draft.group ? [draft.group, ...groupsAround(draft.group)] : [];
}

/** Whether `inner` lies in the group, at any depth. */
export function isInside(inner: DraftNode, group: DraftNode): boolean {
  return groupsAround(inner).includes(group);
}

/** What decides a node's inputs: of an input of a workflow the edges from outside, past the node in between. */
export function decidingInputs({ inputs, passes }: DraftNode): readonly PlanInput[] {
  if (!passes) return inputs;
  const { group, name } = passes;
  const port = inputs[0]?.port ?? name;
  return group.inputs.filter((input) => input.port === name).map((input) => ({ ...input, port }));
}

/** The ids that a node takes from, by edges and by templates, without repeats; its own groups may be among them. */
export function sources(draft: DraftNode): string[] {
  const ids = new Set(draft.inputs.map((input) => input.sourceNodeId));
  for (const { parts } of [draft, ...draft.changes].flatMap(({ templates }) => templates)) {
    for (const part of parts) if (part.kind === 'reference') ids.add(part.nodeId);
  }
  return [...ids];
}
