import type { Quote } from '../../pipeline/quote';
import type { SubWorkflows } from '../../pipeline/sub-workflows';
import type { NewBatch } from '../../store/database/batches/batch';
import type { Plan } from '../../workflows/contract';
import { unprocessable } from '../api-error';
import type { Caller } from '../caller';
import { compilePosted, graphInvalid } from '../compile-posted';
import type { ApiDependencies } from '../dependencies';
import type { ExecuteBody } from '../graph-body';
import type { ResolvedGraph } from '../resolve-graph';
import { compilePostedBatch } from './compile-posted-batch';

/** What one run of a graph is, or a batch of runs. */
export interface CompiledRun {
  readonly plan: Plan;
  readonly quote: Quote;
  /** That the graph contains, to which the execution is pinned. */
  readonly workflows: SubWorkflows;
  readonly batch?: Pick<NewBatch, 'places' | 'itemPlan' | 'items'>;
}

type RunBody = Pick<
  ExecuteBody,
  'triggerData' | 'targetNodeIds' | 'iteratorConfigs' | 'allowPartial' | 'autoRedrive'
>;

/** @throws ApiError 422 with every fault of the graph, or of all items. */
export async function compileRun(
  dependencies: Pick<ApiDependencies, 'database' | 'settings' | 'clock'>,
  caller: Pick<Caller, 'accountId' | 'mode'>,
  { graph, workflowId }: Pick<ResolvedGraph, 'graph' | 'workflowId'>,
  body: RunBody,
): Promise<CompiledRun> {
  const { triggerData, targetNodeIds, iteratorConfigs } = body;
  const posted = { graph, triggerData, targetNodeIds, workflowId };
  if (iteratorConfigs === undefined) {
    refuseBatchSettings(body);
    const compiled = await compilePosted(dependencies, caller, posted);
    if (!compiled.ok) throw graphInvalid(compiled.issues);
    return compiled;
  }
  const compiled = await compilePostedBatch(dependencies, caller, posted, iteratorConfigs);
  if (!compiled.ok) throw graphInvalid(compiled.issues);
  const { plan, quote, places, itemPlan, items } = compiled.batch;
  return { plan, quote, workflows: compiled.workflows, batch: { places, itemPlan, items } };
}

/** They would be lost without a word. */
function refuseBatchSettings({ allowPartial, autoRedrive }: RunBody): void {
  const given = Object.entries({ allowPartial, autoRedrive }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return;
  const issues = given.map(([path]) => ({
    path,
    code: 'not_a_batch',
    message: `${path} is of batches, and there are no iteratorConfigs.`,
    fix: 'Give iteratorConfigs, or leave it out.',
  }));
  throw unprocessable('not_a_batch', 'The request has settings of a batch, but it is none.', issues);
}
