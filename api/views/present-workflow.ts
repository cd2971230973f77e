import { z } from 'zod';
import type {
  Workflow,
  WorkflowVersion,
  WorkflowVersionWithGraph,
  WorkflowWithDraft,
} from '../../store/database/workflows/workflow';
import type { Issue } from '../api-error';
import { issueSchema } from '../schemas';

const document = z.record(z.string(), z.unknown());

export const workflowSchema = z
  .object({
    workflowId: z.string(),
    name: z.string(),
    description: z.string(),
    revision: z.number().describe('Of the draft; its ETag.'),
    versions: z.number().describe('How many there are.'),
    published: z.object({ version: z.number(), tag: z.string() }).nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'Workflow' });

export const workflowDraftSchema = workflowSchema
  .extend({
    nodes: z.array(z.unknown()),
    edges: z.array(z.unknown()),
    variables: document,
    variants: z.array(z.unknown()),
    viewport: document.nullable(),
    issues: z.array(issueSchema).describe('What keeps the draft from being published.'),
  })
  .meta({ id: 'WorkflowDraft' });

export const versionSchema = z
  .object({
    workflowId: z.string(),
    version: z.number(),
    tag: z.string().describe('Semantic version.'),
    name: z.string(),
    note: z.string(),
    createdAt: z.string(),
  })
  .meta({ id: 'WorkflowVersion' });

export const versionWithGraphSchema = versionSchema
  .extend({ graph: document })
  .meta({ id: 'WorkflowVersionWithGraph' });

export function presentWorkflow(workflow: Workflow): z.infer<typeof workflowSchema> {
  const { id, name, description, revision, versionCount, published, createdAt, updatedAt } = workflow;
  return {
    ...{ workflowId: id, name, description, revision, versions: versionCount },
    published: published && { ...published },
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

export function presentDraft(workflow: WorkflowWithDraft, issues: readonly Issue[]): object {
  const { nodes, edges, variables = {}, variants = [], viewport = null } = workflow.draft;
  return { ...presentWorkflow(workflow), nodes, edges, variables, variants, viewport, issues: [...issues] };
}

export function presentVersion(version: WorkflowVersion): z.infer<typeof versionSchema> {
  const { workflowId, version: number, tag, name, note, createdAt } = version;
  return { workflowId, version: number, tag, name, note, createdAt: createdAt.toISOString() };
}

export function presentVersionWithGraph(version: WorkflowVersionWithGraph): object {
  return { ...presentVersion(version), graph: version.graph };
}
