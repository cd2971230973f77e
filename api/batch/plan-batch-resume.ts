import type { NodeQuote, Quote } from '../../pipeline/quote';
import { planItemResume } from '../../pipeline/resume/plan-item-resume';
import type { ResumePlan } from '../../pipeline/resume/plan-resume';
import { batches } from '../../store/database/batches';
import type { UnfinishedItem } from '../../store/database/batches/batch';
import type { ExecutionDetail, HoldBounds } from '../../store/database/executions/execution';
import type { Job } from '../../store/database/jobs/job';
import { ITEMS_NODE_ID, type CarriedNode } from '../../workflows/contract';
import { unprocessable } from '../api-error';
import type { ApiDependencies } from '../dependencies';
import { quoteSchema } from '../graph-body';

export interface BatchResume extends ResumePlan<Job> {
  readonly items: { readonly reused: number; readonly rerun: number };
  /** What the batch itself sets aside; items that wait hold for themselves. One item must be affordable. */
  readonly hold: HoldBounds;
  /** What stays as it has failed. */
  readonly missing: readonly CarriedNode[];
}

export function isBatch({ execution }: Pick<ExecutionDetail, 'execution'>): boolean {
  return execution.items !== null;
}

/** A batch goes on as it was accepted: nodes that ran once and items that are done are kept, the others run. */
export async function planBatchResume(
  { database }: Pick<ApiDependencies, 'database'>,
  detail: ExecutionDetail,
): Promise<BatchResume> {
  const { execution, documents } = detail;
  const unfinished = await batches.unfinished(database, execution.id);
  const missing = unfinished.length === 0 ? dispensable(detail) : [];
  const shared = planItemResume(documents.plan, quoteSchema.parse(documents.quote), detail, missing);
  const charged = execution.items?.credits.charged ?? 0;
  const notKept = unfinished.reduce((sum, item) => sum + item.charged - item.credits, 0);
  const quote = addItems(shared.quote, unfinished);
  const own = unfinished.filter(({ status }) => status !== 'WAITING' && status !== 'RUNNING');
  const perItem = quote.nodes.map(({ nodeId }) => nodeId);
  const sharedLeft = shared.rerun.filter((id) => id !== ITEMS_NODE_ID);
  return {
    ...shared,
    missing,
    rerun: [...new Set([...sharedLeft, ...(unfinished.length > 0 ? perItem : [])])],
    creditsNotSpentAgain: shared.creditsNotSpentAgain + charged - notKept,
    quote,
    items: { reused: (execution.items?.total ?? 0) - unfinished.length, rerun: unfinished.length },
    hold: {
      minCredits:
        shared.quote.minCredits +
        (own.length === 0 ? 0 : Math.min(...own.map((item) => creditsLeft(item).minCredits))),
      maxCredits: addItems(shared.quote, own).maxCredits,
    },
  };
}

/** What the items have been made without, now that they are done: nobody would take it. */
function dispensable({ documents, nodes }: ExecutionDetail): readonly CarriedNode[] {
  const mayFail = new Set(
    documents.plan.nodes.flatMap(({ id, onError }) => (onError === 'continue' ? [id] : [])),
  );
  return nodes.flatMap(({ step, status, error }): CarriedNode[] =>
    status === 'FAILED' && mayFail.has(step)
      ? [{ nodeId: step, status, outputs: {}, ...(error ? { error } : {}) }]
      : [],
  );
}

/** @throws ApiError 422: what the items share was made once, with the graph that they began with. */
export function refuseBatchEdits(body: {
  readonly nodes?: unknown;
  readonly edges?: unknown;
  readonly triggerData?: unknown;
}): void {
  const edited = Object.entries({ nodes: body.nodes, edges: body.edges, triggerData: body.triggerData });
  const issues = edited
    .filter(([, value]) => value !== undefined)
    .map(([path]) => ({
      path,
      code: 'batch_not_editable',
      message: `A batch is resumed with the graph and the values that it has, so ${path} cannot be given.`,
      fix: 'Resume single items with edits, or execute an edited batch anew.',
    }));
  if (issues.length > 0)
    throw unprocessable(
      'batch_not_editable',
      'A batch cannot be edited when it is resumed; see issues.',
      issues,
    );
}

/** Of the nodes that an item has not finished. */
export function creditsLeft(item: UnfinishedItem): HoldBounds {
  const { minCredits, maxCredits } = addItems(NOTHING, [item]);
  return { minCredits, maxCredits };
}

const NOTHING: Quote = { minCredits: 0, maxCredits: 0, nodes: [] };

function leftOf({ quote, completedNodes }: UnfinishedItem): readonly NodeQuote[] {
  return quoteSchema.parse(quote).nodes.filter(({ nodeId }) => !completedNodes.includes(nodeId));
}

function addItems(shared: Quote, items: readonly UnfinishedItem[]): Quote {
  const nodes = new Map(shared.nodes.map((node) => [node.nodeId, node]));
  for (const node of items.flatMap(leftOf)) {
    const { minCredits = 0, maxCredits = 0 } = nodes.get(node.nodeId) ?? {};
    const sums = { minCredits: minCredits + node.minCredits, maxCredits: maxCredits + node.maxCredits };
    nodes.set(node.nodeId, { ...node, ...sums });
  }
  const all = [...nodes.values()];
  return {
    minCredits: all.reduce((sum, { minCredits }) => sum + minCredits, 0),
    maxCredits: all.reduce((sum, { maxCredits }) => sum + maxCredits, 0),
    nodes: all,
  };
}
