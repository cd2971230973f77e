import type { AssetReference, JsonValue, Plan } from '../workflows/contract';
import type { GraphIssue, GraphWarning } from './graph-issue';
import type { Quote } from './quote';
import type { SubWorkflows } from './sub-workflows';

export interface CompileInput {
  /** `{nodes, edges}` as posted; other fields are ignored. */
  readonly graph: unknown;
  readonly triggerData?: unknown;
  /** Variables of the saved workflow; triggerData wins where both have a name. */
  readonly variables?: Readonly<Record<string, JsonValue>>;
  /** Only these steps and what they need. */
  readonly targetNodeIds?: readonly string[];
  /** The account's assets that `collectAssetIds` named, by id; an id that is not in it counts as unknown. */
  readonly assets?: ReadonlyMap<string, AssetReference>;
  /** What `collectWorkflowReferences` named, here and in those workflows; what is not in it counts as unknown. */
  readonly workflows?: SubWorkflows;
  /** The saved workflow that the graph is of: it must not contain itself. */
  readonly workflowId?: string;
  /** 100 nodes and 500 edges unless given. */
  readonly limits?: { readonly nodesMax: number; readonly edgesMax: number };
  /** Providers that may be used; undefined: all. */
  readonly availableProviders?: ReadonlySet<string>;
  /** YYYY-MM-DD: candidates that ended before are not chosen; undefined: none has ended. */
  readonly today?: string;
}

export type CompileResult =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly quote: Quote;
      readonly warnings: readonly GraphWarning[];
    }
  | { readonly ok: false; readonly issues: readonly GraphIssue[] };
