import { z } from 'zod';
import { defineTool, type Tool } from './tool';
import { edges, executionId, idempotencyKey, nodes, page, workflowId } from './tool-fields';

const slug = z.string().min(1).describe('As list_apps answers it.');
const saved = {
  name: z.string().max(200),
  description: z.string().optional(),
  nodes,
  edges,
  variables: z.record(z.string(), z.json()).optional().describe('Values of ${name} in the graph.'),
};

/** Graphs that are kept: templates, saved workflows, apps. */
export const workflowTools: readonly Tool[] = [
  defineTool({
    name: 'list_templates',
    title: 'List templates',
    description: 'Graphs to begin with: what they make and of which node types.',
    effect: 'reads',
    input: z.object({}),
    call: async (client) => ({ templates: await client.apps.templates() }),
  }),
  defineTool({
    name: 'get_template',
    title: 'Read a template',
    description: 'A template with nodes, edges and triggerData: what quote_workflow and run_workflow take.',
    effect: 'reads',
    input: z.object({ templateId: z.string().min(1) }),
    call: (client, { templateId }) => client.apps.template(templateId),
  }),
  defineTool({
    name: 'list_workflows',
    title: 'List saved workflows',
    description: 'Saved workflows, newest first, with the published version of each.',
    effect: 'reads',
    input: z.object(page),
    call: (client, filters) => client.workflows.list(filters),
  }),
  defineTool({
    name: 'get_workflow',
    title: 'Read a saved workflow',
    description:
      'The draft of a saved workflow: nodes, edges, variables, and what keeps it from being published.',
    effect: 'reads',
    input: z.object({ workflowId }),
    call: (client, input) => client.workflows.get(input.workflowId),
  }),
  defineTool({
    name: 'create_workflow',
    title: 'Save a graph as a workflow',
    description: 'Keeps a graph as a draft; a faulty one, too: its issues are told.',
    effect: 'changes',
    input: z.object({ ...saved, idempotencyKey }),
    call: (client, { idempotencyKey: key, ...workflow }) =>
      client.workflows.create(workflow, { idempotencyKey: key }),
  }),
  defineTool({
    name: 'save_workflow',
    title: 'Replace the draft of a workflow',
    description:
      'Replaces the draft whole; what is published stays. Give the revision that you read: a draft that somebody else has changed since is then not touched.',
    effect: 'changes',
    input: z.object({ workflowId, ...saved, revision: z.int().positive().optional() }),
    call: (client, { workflowId: id, revision, ...workflow }) =>
      client.workflows.save(id, workflow, { revision }),
  }),
  defineTool({
    name: 'publish_workflow',
    title: 'Publish a workflow',
    description: 'Makes a version of the draft and publishes it; every fault of the graph is named.',
    effect: 'changes',
    input: z.object({
      workflowId,
      bump: z.enum(['major', 'minor', 'patch']).optional(),
      note: z.string().optional(),
    }),
    call: (client, { workflowId: id, ...version }) => client.workflows.publish(id, version),
  }),
  defineTool({
    name: 'compare_variants',
    title: 'Compare variants',
    description: 'The variants of a workflow against each other: feedback, credits, time.',
    effect: 'reads',
    input: z.object({ workflowId, version: z.int().positive().optional() }),
    call: async (client, { workflowId: id, version }) => ({
      variants: await client.workflows.variants(id, version),
    }),
  }),
  defineTool({
    name: 'give_feedback',
    title: 'Note what came of an execution',
    description: 'A measure from outside, such as a click-through: it counts for the variant that ran.',
    effect: 'changes',
    input: z.object({ executionId, metric: z.string(), value: z.number() }),
    call: async (client, { executionId: id, metric, value }) => {
      await client.workflows.giveFeedback(id, metric, value);
      return { executionId: id, metric, value };
    },
  }),
  defineTool({
    name: 'list_apps',
    title: 'List apps',
    description: 'Published workflows that are called by name, with typed inputs and outputs.',
    effect: 'reads',
    input: z.object({}),
    call: async (client) => ({ apps: await client.apps.list() }),
  }),
  defineTool({
    name: 'get_app',
    title: 'Describe an app',
    description: 'What an app takes and gives, with the JSON Schema of each.',
    effect: 'reads',
    input: z.object({ slug }),
    call: (client, input) => client.apps.get(input.slug),
  }),
  defineTool({
    name: 'run_app',
    title: 'Run an app',
    description:
      'Runs an app and answers its outputs, if they are there within waitSeconds; else look with get_execution.',
    effect: 'spends',
    input: z.object({
      slug,
      inputs: z.record(z.string(), z.json()).describe('By name; see get_app.'),
      budgetCredits: z.int().positive().optional(),
      idempotencyKey,
      waitSeconds: z.int().min(0).max(50).default(50),
    }),
    call: (client, { slug: name, idempotencyKey: key, waitSeconds, ...call }) =>
      client.apps.call(name, call, { idempotencyKey: key, waitSeconds }),
  }),
];
