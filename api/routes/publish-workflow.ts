import { z } from 'zod';
import { isSemanticVersion, nextVersion } from '../../pipeline/semantic-version';
import { idempotency } from '../../store/database/idempotency';
import { workflows } from '../../store/database/workflows';
import type { WorkflowWithDraft } from '../../store/database/workflows/workflow';
import { conflict } from '../api-error';
import { graphInvalid } from '../compile-posted';
import { toStoredJson, versionSelector } from '../graph-body';
import { expectedRevision } from '../http/etag';
import { replay, replyOnce, type StoreReply } from '../idempotent-reply';
import { versionNotFound, workflowNotFound } from '../resolve-graph';
import { defineKeyRoute, noParameters, type CallerContext, type Reply } from '../route';
import { errorSchema, invalidSchema } from '../schemas';
import { beginMigrations, planMigrations, type MigrationTarget } from '../migrate-executions';
import { migrationSchema, presentMigrations } from '../views/present-migrations';
import { presentVersion, versionSchema } from '../views/present-workflow';
import { webhookUrl } from '../views/links';
import { changedMeanwhile, draftIssues, readWorkflow, savedParameters } from './workflows';

const tag = z
  .string()
  .transform((text) => text.replace(/^v/, ''))
  .refine(isSemanticVersion, { error: 'The tag must be a semantic version such as 1.2.0.' });

const publishBody = z
  .strictObject({
    tag: tag.optional().describe('Semantic version; the next one unless given.'),
    bump: z
      .enum(['major', 'minor', 'patch'])
      .optional()
      .describe('Which part the next one raises; patch unless given.'),
    note: z.string().max(2_000).optional(),
    inFlight: z
      .enum(['finish', 'migrate'])
      .optional()
      .describe(
        'Executions that run or wait on other versions: they finish on theirs (unless given), or go on with this one where no finished or paid step is another in it.',
      ),
    dryRun: z.boolean().optional().describe('Answer what would happen; nothing is published or moved.'),
  })
  .optional();

const publicationSchema = versionSchema
  .extend({
    webhookId: z
      .string()
      .nullable()
      .describe(
        'POST /api/v1/workflow/{webhookId}/trigger runs it, without a key; null once it was removed.',
      ),
    triggerUrl: z.string().nullable(),
    unchanged: z.boolean().describe('The published version has this very graph: no other one was made.'),
    migration: migrationSchema.optional().describe('With `inFlight: "migrate"`.'),
  })
  .meta({ id: 'WorkflowPublication' });

const previewSchema = z
  .object({
    dryRun: z.literal(true),
    workflowId: z.string(),
    tag: z.string(),
    unchanged: z.boolean(),
    migration: migrationSchema.optional(),
  })
  .meta({ id: 'WorkflowPublicationPreview' });

export const publishWorkflow = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/:id/publish',
  operationId: 'publishWorkflow',
  summary: 'Makes a version of the draft and publishes it; executions that run keep theirs, or go on with it',
  tag: 'workflows',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: savedParameters,
  query: noParameters,
  body: publishBody,
  requestHeaders: {
    'If-Match': 'The ETag of the draft that is meant.',
    'Idempotency-Key': 'Repeats with one key within 24 h publish once.',
  },
  responses: {
    200: {
      description: 'Published before, with this very graph; or, with `dryRun`, what would be published.',
      schema: z.union([publicationSchema, previewSchema]),
    },
    201: { description: 'A new version is published.', schema: publicationSchema },
    400: { description: 'If-Match is no ETag of ours.', schema: errorSchema },
    404: { description: 'Unknown workflow, or not yours.', schema: errorSchema },
    409: { description: 'Another version has this tag.', schema: errorSchema },
    412: { description: 'The draft has changed since it was read.', schema: errorSchema },
    422: { description: 'The graph is faulty: every fault in `issues`.', schema: invalidSchema },
  },
  handle: async ({ params, body = {} }, context) => {
    if (body.dryRun === true)
      return { status: 200, body: await previewPublication(params.id, body, context) };
    return replyOnce(context, body, async (store) => publish(params.id, body, store, context));
  },
});

type PublishBody = NonNullable<z.infer<typeof publishBody>>;

/** The draft that is meant, free of faults, and the tag of its version. */
async function readDraft(workflowId: string, body: PublishBody, context: CallerContext) {
  const { dependencies, request } = context;
  const workflow = await readWorkflow(workflowId, context);
  const expected = expectedRevision(request.get('if-match'));
  if (expected !== undefined && expected !== workflow.revision) throw changedMeanwhile();
  const issues = await draftIssues(workflow, dependencies);
  if (issues.length > 0) throw graphInvalid(issues);
  return { workflow, chosen: body.tag ?? (await chooseTag(workflow, body.bump, context)) };
}

async function previewPublication(
  workflowId: string,
  body: PublishBody,
  context: CallerContext,
): Promise<z.infer<typeof previewSchema>> {
  const { workflow, chosen: tag } = await readDraft(workflowId, body, context);
  const { caller, dependencies } = context;
  const published = await workflows.findVersion(dependencies.database, caller.accountId, workflowId);
  const unchanged =
    published?.tag === tag && JSON.stringify(published.graph) === JSON.stringify(workflow.draft);
  const version = unchanged ? published.version : null;
  const target = { workflowId, version, graph: workflow.draft };
  const { migration } = await migrateInFlight(body, target, context);
  return { dryRun: true, workflowId, tag, unchanged, ...(migration ? { migration } : {}) };
}

async function publish(
  workflowId: string,
  body: PublishBody,
  store: StoreReply,
  context: CallerContext,
): Promise<Reply> {
  const { caller, dependencies } = context;
  const { database, settings } = dependencies;
  const { workflow, chosen } = await readDraft(workflowId, body, context);
  const result = await workflows.publish(database, {
    ...{ accountId: caller.accountId, mode: caller.mode, workflowId },
    ...{ revision: workflow.revision, tag: chosen, note: body.note ?? '' },
  });
  switch (result.kind) {
    case 'not_found':
      throw workflowNotFound(workflowId);
    case 'changed':
      throw changedMeanwhile();
    case 'tag_taken':
      throw conflict(
        'version_tag_taken',
        `The workflow has a version ${chosen}. Choose another tag, or none.`,
      );
    case 'published': {
      const { version, webhookId, isUnchanged } = result;
      const triggerUrl = webhookId === null ? null : webhookUrl(settings, webhookId);
      const target = { workflowId, version: version.version, graph: workflow.draft };
      const answer = toStoredJson({
        ...presentVersion(version),
        webhookId,
        triggerUrl,
        unchanged: isUnchanged,
        ...(await migrateInFlight(body, target, context)),
      });
      const status = isUnchanged ? 200 : 201;
      // Publishing again would find the tag taken or nothing changed: a lost row makes no second version.
      const toStore = store(status, answer);
      const repeat = toStore && (await idempotency.store(database, caller.accountId, toStore));
      return repeat === undefined ? { status, body: answer } : replay(repeat);
    }
  }
}

/** @returns what becomes of the executions in flight; nothing where they finish on their own versions */
async function migrateInFlight(
  { inFlight, dryRun = false }: PublishBody,
  target: MigrationTarget,
  { caller, dependencies }: CallerContext,
): Promise<{ readonly migration?: z.infer<typeof migrationSchema> }> {
  if (inFlight !== 'migrate') return {};
  const { planned, isComplete } = await planMigrations(dependencies, caller, target);
  if (!dryRun && target.version !== null) await beginMigrations(dependencies, planned, target.version);
  return { migration: presentMigrations(planned, isComplete, dependencies) };
}

/** Without a word about the version, a draft that has not changed keeps the published one. */
async function chooseTag(
  workflow: WorkflowWithDraft,
  bump: 'major' | 'minor' | 'patch' | undefined,
  { caller, dependencies }: CallerContext,
): Promise<string> {
  const { accountId } = caller;
  const { database } = dependencies;
  const published = await workflows.findVersion(database, accountId, workflow.id);
  const isUnchanged = JSON.stringify(published?.graph) === JSON.stringify(workflow.draft);
  if (bump === undefined && published !== undefined && isUnchanged) return published.tag;
  const versions = await workflows.listVersions(database, accountId, workflow.id);
  return nextVersion(
    versions.map((version) => version.tag),
    bump,
  );
}

const rollbackBody = z
  .strictObject({
    version: versionSelector
      .optional()
      .describe('Number or tag; the one that was published before the present one unless given.'),
  })
  .optional();

export const rollbackWorkflow = defineKeyRoute({
  method: 'POST',
  path: '/api/v1/workflows/:id/rollback',
  operationId: 'rollbackWorkflow',
  summary: 'Publishes an earlier version again; the draft and running executions stay as they are',
  tag: 'workflows',
  scope: 'workflows:write',
  bodyKind: 'json',
  params: savedParameters,
  query: noParameters,
  body: rollbackBody,
  responses: {
    200: { description: 'The version that is published now.', schema: versionSchema },
    404: { description: 'Unknown workflow or version, or not yours.', schema: errorSchema },
    409: { description: 'No version was published before this one.', schema: errorSchema },
    422: { description: 'The body is not as described.', schema: invalidSchema },
  },
  handle: async ({ params, body = {} }, context) => {
    const { caller, dependencies } = context;
    await readWorkflow(params.id, context);
    const result = await workflows.rollBack(dependencies.database, caller.accountId, params.id, body.version);
    switch (result.kind) {
      case 'rolled_back':
        return { status: 200, body: presentVersion(result.version) };
      case 'not_found':
        throw versionNotFound(body.version ?? 'published');
      case 'nothing_before': {
        const message = 'No version was published before this one. Name the version to publish.';
        throw conflict('nothing_to_roll_back', message);
      }
    }
  },
});
