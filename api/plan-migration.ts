import { planResume, type ResumePlan } from '../pipeline/resume/plan-resume';
import { isJsonObject } from '../pipeline/pure/values';
import { applyVariant, readVariants } from '../pipeline/variants';
import { workflows } from '../store/database/workflows';
import type { ExecutionDetail } from '../store/database/executions/execution';
import type { MigrationReason } from '../store/database/executions/migration-reason';
import type { Job } from '../store/database/jobs/job';
import type { JsonObject, Plan } from '../workflows/contract';
import { compilePosted } from './compile-posted';
import type { ApiDependencies } from './dependencies';
import { pinnedWorkflows, withPinnedWorkflows } from './load-sub-workflows';
import { withVariables } from './resolve-graph';
import { sharePrompts } from './share-prompts';

/** What an execution would go on with under another version of its workflow, or why it stays with its own. */
export type MigrationPlan =
  | {
      readonly kind: 'qualifies';
      readonly plan: Plan;
      readonly graph: JsonObject;
      readonly resume: ResumePlan<Job>;
    }
  | { readonly kind: 'stays'; readonly reasons: readonly MigrationReason[] };

type MigrationDependencies = Pick<ApiDependencies, 'database' | 'settings' | 'clock'>;

/**
 * An execution qualifies when nothing is lost by it: every finished step, and every step with a job under way, is the same
 * in the other version, by its node key and those of all before it.
 *
 * @param version - `{nodes, edges, variables?, variants?}` of the version, as saved.
 */
export async function planMigration(
  dependencies: MigrationDependencies,
  detail: ExecutionDetail,
  version: JsonObject,
): Promise<MigrationPlan> {
  const reasons = [...ownReasons(detail), ...(await targetReasons(dependencies, detail))];
  if (reasons.length > 0) return { kind: 'stays', reasons };
  const graphs = await graphsOf(dependencies, detail, version);
  if (graphs === undefined) return stays('variant_gone', 'The version lacks the variant that it runs.');
  const { graph, before } = graphs;
  if (!isSameGraph(before, detail.documents.graph)) {
    const message =
      'Its graph is not that of its version: it was edited at a resume, or shared texts have changed.';
    return stays('graph_edited', message);
  }
  const compiled = await compile(dependencies, detail, graph);
  if (!compiled.ok) {
    const faults = compiled.issues.map(({ path, message }) => `${path}: ${message}`);
    return stays(
      'graph_invalid',
      `The version cannot run with what it was started with. ${faults.join(' ')}`,
    );
  }
  const resume = planResume(compiled.plan, compiled.quote, detail);
  const lost = lossesOf(detail, resume);
  return lost.length > 0
    ? { kind: 'stays', reasons: lost }
    : {
        ...{ kind: 'qualifies', plan: compiled.plan, resume },
        graph: withPinnedWorkflows(graph, compiled.workflows),
      };
}

/** What keeps it from going on elsewhere, whatever the version. */
function ownReasons({ execution, nodes }: ExecutionDetail): readonly MigrationReason[] {
  if (execution.cancelRequestedAt !== null)
    return [{ code: 'cancel_requested', message: 'It is being cancelled.' }];
  if (execution.items !== null)
    return [{ code: 'batch', message: 'It is a batch: its items share what is made once.' }];
  return nodes.flatMap(({ step, status, nodeType }): MigrationReason[] => {
    if (status === 'FAILED')
      return [{ code: 'step_failed', nodeId: step, message: 'It has failed, and would be run again.' }];
    if (status === 'RUNNING' && nodeType === 'control:delay')
      return [{ code: 'delay_under_way', nodeId: step, message: 'It sleeps, and would sleep anew.' }];
    return [];
  });
}

/** An execution of some steps only would become one of all. */
async function targetReasons(
  dependencies: MigrationDependencies,
  detail: ExecutionDetail,
): Promise<readonly MigrationReason[]> {
  const whole = await compile(dependencies, detail, detail.documents.graph);
  const isWhole = whole.ok && whole.plan.nodes.length === detail.documents.plan.nodes.length;
  const message = 'It runs some steps only (targetNodeIds), or its own graph does not compile any more.';
  return isWhole ? [] : [{ code: 'targets_only', message }];
}

function compile(
  dependencies: MigrationDependencies,
  { execution, documents }: ExecutionDetail,
  graph: JsonObject,
) {
  return compilePosted(dependencies, execution, {
    graph: { nodes: graph['nodes'], edges: graph['edges'], variables: graph['variables'] },
    triggerData: documents.triggerData,
    targetNodeIds: undefined,
    // Workflows inside of both stay those that it began with.
    pinned: pinnedWorkflows(documents.graph),
  });
}

/** Both versions as this execution runs them: in its variant, with the variables of its call and the shared texts of today. */
async function graphsOf(
  dependencies: MigrationDependencies,
  { execution, documents }: ExecutionDetail,
  version: JsonObject,
): Promise<{ readonly graph: JsonObject; readonly before: JsonObject } | undefined> {
  const { accountId, workflowId, variant, version: number } = execution;
  const { database } = dependencies;
  const saved = await workflows.findVersion(database, accountId, workflowId, number ?? undefined);
  const [old, next] = [saved?.graph, version].map((graph) => graph && inVariant(graph, variant));
  if (old === undefined || next === undefined) return undefined;
  const own = ownVariables(documents.graph, old);
  const [before, graph] = await Promise.all(
    [old, next].map((each) => sharePrompts(dependencies, accountId, withVariables(each, own))),
  );
  return before && graph && { before, graph };
}

function isSameGraph(left: JsonObject, right: JsonObject): boolean {
  return ['nodes', 'edges'].every((part) => JSON.stringify(left[part]) === JSON.stringify(right[part]));
}

function inVariant(graph: JsonObject, name: string | null): JsonObject | undefined {
  if (name === null) return graph;
  const variant = readVariants(graph).find((each) => each.name === name);
  return variant && applyVariant(graph, variant);
}

/** Those that its call brought; `prompts` are the shared texts. */
function ownVariables(run: JsonObject, saved: JsonObject): JsonObject {
  const { prompts: _shared, ...given } = isJsonObject(run['variables']) ? run['variables'] : {};
  const known = isJsonObject(saved['variables']) ? saved['variables'] : {};
  const isOwn = ([name, value]: [string, unknown]): boolean =>
    !Object.hasOwn(known, name) || JSON.stringify(known[name]) !== JSON.stringify(value);
  return Object.fromEntries(Object.entries(given).filter(isOwn));
}

/** Paid, or maybe paid, and not what the other version would make. */
function lossesOf({ nodes, jobs }: ExecutionDetail, resume: ResumePlan<Job>): readonly MigrationReason[] {
  const kept = new Set(resume.reused.map(({ nodeId }) => nodeId));
  const adopted = new Set(resume.adoptedJobs.map(({ id }) => id));
  const finished = nodes
    .filter(({ step, status, outputs }) => status === 'COMPLETED' && outputs !== null && !kept.has(step))
    .map(({ step }) => ({
      ...{ code: 'finished_step_changed', nodeId: step },
      message: 'It has finished, and is not the same in the version.',
    }));
  const underWay = jobs
    .filter(({ id, step, state }) => MAYBE_PAID.has(state) && !adopted.has(id) && !kept.has(step))
    .map(({ step, provider }) => ({
      ...{ code: 'job_under_way_changed', nodeId: step },
      message: `Its job at ${provider} is under way, and the version would make another one.`,
    }));
  return [...finished, ...underWay];
}

const MAYBE_PAID: ReadonlySet<Job['state']> = new Set(['SUBMITTING', 'ACCEPTED', 'UNKNOWN', 'STORED']);

function stays(code: string, message: string): MigrationPlan {
  return { kind: 'stays', reasons: [{ code, message }] };
}
