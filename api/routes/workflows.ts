import { z } from 'zod';
import { schedules } from '../../store/database/schedules';
import { workflows } from '../../store/database/workflows';
import type { WorkflowWithDraft } from '../../store/database/workflows/workflow';
import { newId } from '../../store/ids';
import { ApiError } from '../api-error';
import { checkSavedGraph } from '../compile-posted';
import type { ApiDependencies } from '../dependencies';
import { draftBody, readDraft } from '../draft-body';
import { toStoredJson } from '../graph-body';
import { draftEtag, expectedRevision } from '../http/etag';
import { replay, replyOnce } from '../idempotent-reply';
import { workflowNotFound } from '../resolve-graph';
import { defineKeyRoute, noBody, noParameters, type CallerContext, type Reply } from '../route';
import { cursorInvalid, errorSchema, invalidSchema, pageQuery } from '../schemas';
import {
  presentDraft,
  presentWorkflow,
  workflowDraftSchema,
  workflowSchema,
} from '../views/present-workflow';

export const savedParameters = z.object({ id: z.string().max(100) });
export const unknownWorkflow = { description: 'Unknown workflow, or not yours.', schema: errorSchema };

const ifMatch = {
  'If-Match': 'The ETag that was read: a draft that somebody else has changed since then is not touched.',
};
const draftChanged = { description: 'The draft has changed since it was read.', schema: errorSchema };

export const createWorkflow = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows',
  operationId: 'createWorkflow',
  summary: 'Saves a graph as a new draft; what React Flow exports can be sent as it is',
  tag: 'workflows',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: noParameters,
  query: noParameters,
  body: draftBody,
  requestHeaders: { 'Idempotency-Key': 'Repeats with one key within 24 h save one workflow.' },
  responses: {
    201: { description: 'The draft; `ETag` names its revision.', schema: workflowDraftSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ body }, context) =>
    replyOnce(context, body, async (store) => {
      const { caller, dependencies } = context;
      const content = readDraft(body);
      const now = new Date(dependencies.clock());
      const { accountId } = caller;
      const fresh = { id: newId('wf'), accountId, revision: 1, versionCount: 0, published: null };
      const workflow = { ...fresh, ...content, createdAt: now, updatedAt: now };
      const answer = toStoredJson(presentDraft(workflow, await draftIssues(workflow, dependencies)));
      const result = await workflows.create(dependencies.database, {
        ...{ id: workflow.id, accountId, content, idempotency: store(201, answer) },
      });
      if (result.kind !== 'created') return replay(result);
      const headers = { Location: workflowUrl(dependencies, workflow.id), ETag: draftEtag(1) };
      return { status: 201, headers, body: answer };
    }),
});

export const listWorkflows = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows',
  operationId: 'listWorkflows',
  summary: 'Saved workflows, newest first',
  tag: 'workflows',
  scope: 'workflows:read',
  bodyKind: 'none',
  params: noParameters,
  query: z.object(pageQuery),
  body: noBody,
  responses: {
    200: {
      description: 'One page.',
      schema: z.object({
        data: z.array(workflowSchema),
        hasMore: z.boolean(),
        nextCursor: z.string().nullable(),
      }),
    },
    400: { description: 'The cursor is not one of ours.', schema: invalidSchema },
    422: { description: 'A filter is not as described.', schema: invalidSchema },
  },
  handle: async ({ query }, { caller, dependencies }) => {
    const found = await workflows.list(dependencies.database, caller.accountId, query).catch(cursorInvalid);
    const { nextCursor } = found;
    const data = found.workflows.map(presentWorkflow);
    return { status: 200, body: { data, hasMore: nextCursor !== null, nextCursor } };
  },
});

export const getWorkflow = defineKeyRoute({
  method: 'GET',
  path: '/api/v1/workflows/:id',
  operationId: 'getWorkflow',
  summary: 'A workflow with its draft, and what keeps the draft from being published',
  tag: 'workflows',
  scope: 'workflows:read',
  bodyKind: 'none',
  params: savedParameters,
  query: noParameters,
  body: noBody,
  responses: {
    200: { description: 'The draft; `ETag` names its revision.', schema: workflowDraftSchema },
    404: unknownWorkflow,
  },
  handle: async ({ params }, context) => answerDraft(params.id, context),
});

export const saveWorkflow = defineKeyRoute({
  method: 'PUT',
  path: '/api/v1/workflows/:id',
  operationId: 'saveWorkflow',
  summary: 'Replaces the draft; what is published stays as it is',
  tag: 'workflows',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: savedParameters,
  query: noParameters,
  body: draftBody,
  requestHeaders: ifMatch,
  responses: {
    200: { description: 'The draft as saved.', schema: workflowDraftSchema },
    400: { description: 'If-Match is no ETag of ours.', schema: errorSchema },
    404: unknownWorkflow,
    412: draftChanged,
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body }, context) => {
    const { caller, dependencies, request } = context;
    const { database } = dependencies;
    const revision = expectedRevision(request.get('if-match'));
    const before = await readWorkflow(params.id, context);
    const content = readDraft(body, before);
    const result = await workflows.saveDraft(database, caller.accountId, params.id, content, revision);
    if (result === 'not_found') throw workflowNotFound(params.id);
    if (result === 'changed') throw changedMeanwhile();
    return answerDraft(params.id, context);
  },
});

export const deleteWorkflow = defineKeyRoute({
  method: 'DELETE',
  path: '/api/v1/workflows/:id',
  operationId: 'deleteWorkflow',
  summary: 'Deletes a workflow with its webhooks and schedules; its executions go on and stay readable',
  tag: 'workflows',
  scope: 'workflows:write',
  bodyKind: 'none',
  params: savedParameters,
  query: noParameters,
  body: noBody,
  responses: { 204: { description: 'It is gone.' }, 404: unknownWorkflow },
  handle: async ({ params }, { caller, dependencies }) => {
    const { database, temporal } = dependencies;
    const { accountId } = caller;
    for (const { id: scheduleId } of await schedules.list(database, accountId, params.id)) {
      const name = { accountId, workflowId: params.id, scheduleId };
      await schedules.delete(database, name, (id) => temporal.schedules.remove(id));
    }
    if (!(await workflows.delete(database, accountId, params.id))) throw workflowNotFound(params.id);
    return { status: 204 };
  },
});

/** @throws ApiError 404 */
export async function readWorkflow(
  workflowId: string,
  { caller, dependencies }: Pick<CallerContext, 'caller' | 'dependencies'>,
): Promise<WorkflowWithDraft> {
  const workflow = await workflows.find(dependencies.database, caller.accountId, workflowId);
  if (workflow === undefined) throw workflowNotFound(workflowId);
  return workflow;
}

export function changedMeanwhile(): ApiError {
  const message = 'The draft has changed since you read it. Read it again and repeat.';
  return new ApiError({ status: 412, code: 'draft_changed', message });
}

export function draftIssues(
  { accountId, id, draft }: Pick<WorkflowWithDraft, 'accountId' | 'id' | 'draft'>,
  dependencies: ApiDependencies,
) {
  return checkSavedGraph(dependencies, accountId, id, draft);
}

async function answerDraft(workflowId: string, context: CallerContext): Promise<Reply> {
  const workflow = await readWorkflow(workflowId, context);
  const issues = await draftIssues(workflow, context.dependencies);
  return {
    status: 200,
    headers: { ETag: draftEtag(workflow.revision) },
    body: presentDraft(workflow, issues),
  };
}

function workflowUrl({ settings }: ApiDependencies, workflowId: string): string {
  return `${settings.publicUrl}/api/v1/workflows/${workflowId}`;
}
