import { z } from 'zod';
import type { EverframeClient, NodeTypeView } from '../../client/everframe-client';
import type { ExecutionView } from '../../client/types';
import { EverframeError } from '../../client/everframe-error';
import { followUpTools } from './follow-up-tools';
import { defineTool, type Tool } from './tool';
import { edges, executionId, idempotencyKey, iteratorConfigs, nodes, page, triggerData } from './tool-fields';
import { workflowTools } from './workflow-tools';

/** Below what agents' hosts wait for a tool. */
const WAIT_SECONDS_MAX = 50;

const graph = {
  nodes: nodes.optional(),
  edges: edges.optional(),
  triggerData: triggerData.optional(),
  iteratorConfigs: iteratorConfigs.optional(),
};
const waitSeconds = z
  .int()
  .min(0)
  .max(WAIT_SECONDS_MAX)
  .default(0)
  .describe('Hold the answer until the run has ended or waits for you, at most this long.');

/** Every tool of the MCP server; a new one is an entry here. */
export const tools: readonly Tool[] = [
  defineTool({
    name: 'list_models',
    title: 'List node types and models',
    description:
      'The node types a graph may use, one line each: what goes in and out, which models serve it and for how many credits. Filter, since there are many; get_model tells one whole.',
    effect: 'reads',
    input: z.object({
      category: z
        .string()
        .optional()
        .describe('What stands before the colon: generate, video, audio, text …'),
      search: z.string().optional().describe('Words that type, label or description hold.'),
    }),
    call: async (client, filter) => ({
      models: (await client.listNodeTypes()).filter(matcher(filter)).map(brief),
    }),
  }),
  defineTool({
    name: 'get_model',
    title: 'Describe a node type',
    description: 'One node type whole: ports, JSON Schema of its config, candidates with prices.',
    effect: 'reads',
    input: z.object({ type: z.string().describe('Such as generate:flux_2_pro.') }),
    call: (client, { type }) => client.getNodeType(type),
  }),
  defineTool({
    name: 'get_credit_balance',
    title: 'Credits',
    description: 'Credits available, held and charged, in the mode of the key (1 credit = US$0.001).',
    effect: 'reads',
    input: z.object({}),
    call: (client) => client.getCredits(),
  }),
  defineTool({
    name: 'quote_workflow',
    title: 'Quote a graph',
    description:
      'Least and most credits that a graph would cost, by node. Nothing is started; every fault is named.',
    effect: 'reads',
    input: z.object({
      workflowId: z.string().optional().describe('A saved workflow in place of a graph.'),
      ...graph,
    }),
    call: (client, { workflowId, ...input }) => client.quote(input, { workflowId }),
  }),
  defineTool({
    name: 'run_workflow',
    title: 'Run a graph',
    description:
      'Starts a graph, or a saved workflow by workflowId. Answers the executionId at once; with waitSeconds also the state by then. Give an idempotencyKey to be able to repeat the call safely.',
    effect: 'spends',
    input: z.object({
      workflowId: z.string().optional().describe('A saved workflow in place of a graph.'),
      ...graph,
      budgetCredits: z.int().positive().optional().describe('The run waits for you before it costs more.'),
      tags: z.array(z.string()).optional(),
      idempotencyKey,
      waitSeconds,
    }),
    call: async (client, { workflowId, idempotencyKey: key, waitSeconds: seconds, ...input }) => {
      const receipt = await client.execute(input, { workflowId, idempotencyKey: key });
      return seconds === 0
        ? receipt
        : { ...receipt, execution: await stateWithin(client, receipt.executionId, seconds) };
    },
  }),
  defineTool({
    name: 'get_execution',
    title: 'Look at an execution',
    description:
      "An execution's status, progress, every finished node's outputs with URLs, and what failed or waits. A failed run keeps what was finished.",
    effect: 'reads',
    input: z.object({ executionId, waitSeconds }),
    call: (client, input) => stateWithin(client, input.executionId, input.waitSeconds),
  }),
  defineTool({
    name: 'list_executions',
    title: 'List executions',
    description: 'Executions of the account, newest first.',
    effect: 'reads',
    input: z.object({
      status: z.enum(['RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED']).optional(),
      workflow: z.string().optional(),
      tag: z.string().optional(),
      ...page,
    }),
    call: (client, filters) => client.listExecutions(filters),
  }),
  defineTool({
    name: 'list_items',
    title: 'Items of a batch',
    description:
      'Items of an execution that was started with iteratorConfigs, in their order: status, values, outputs with URLs, credits. Each is an execution of its own, by its executionId.',
    effect: 'reads',
    input: z.object({
      executionId,
      status: z.enum(['PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED']).optional(),
      ...page,
    }),
    call: (client, { executionId: id, ...filters }) => client.listItems(id, filters),
  }),
  defineTool({
    name: 'preview_resume',
    title: 'What a resume would cost',
    description:
      'The receipt of a resume without doing it: what is reused, what runs again, credits not spent again, and the quote of the rest.',
    effect: 'reads',
    input: z.object({ executionId, ...graph }),
    call: (client, { executionId: id, ...edits }) => client.previewResume(id, edits),
  }),
  defineTool({
    name: 'resume_execution',
    title: 'Resume an execution',
    description:
      'Goes on from the step that failed or waits; finished steps are not paid again. With nodes and edges it goes on with an edited graph. budgetCredits sets a new limit; resubmitUnknown sends jobs again that may be paid already.',
    effect: 'spends',
    input: z.object({
      executionId,
      ...graph,
      budgetCredits: z.int().positive().optional(),
      resubmitUnknown: z.boolean().optional(),
    }),
    call: (client, { executionId: id, ...edits }) => client.resume(id, edits),
  }),
  defineTool({
    name: 'cancel_execution',
    title: 'Cancel an execution',
    description: 'Stops a run; finished outputs stay, what was not spent is released. Idempotent.',
    effect: 'changes',
    input: z.object({ executionId }),
    call: (client, input) => client.cancel(input.executionId),
  }),
  ...workflowTools,
  ...followUpTools,
];

/** The state once the run has ended or waits, or when the time is over. */
async function stateWithin(client: EverframeClient, id: string, seconds: number): Promise<ExecutionView> {
  if (seconds === 0) return client.poll(id);
  try {
    return await client.wait(id, { timeoutMs: seconds * 1_000 });
  } catch (error) {
    if (error instanceof EverframeError && error.code === 'wait_timeout') return client.poll(id);
    throw error;
  }
}

interface ModelFilter {
  readonly category?: string;
  readonly search?: string;
}

function matcher({ category, search = '' }: ModelFilter): (node: NodeTypeView) => boolean {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return ({ type, label, description }) => {
    const text = `${type} ${label} ${description}`.toLowerCase();
    return (
      (category === undefined || type.startsWith(`${category}:`)) &&
      words.every((word) => text.includes(word))
    );
  };
}

/** A hundred whole entries would fill an agent's context. */
function brief({
  type,
  label,
  description,
  inputs,
  outputs,
  candidates,
}: NodeTypeView): Record<string, unknown> {
  return { type, label, description, inputs: portTypes(inputs), outputs: portTypes(outputs), candidates };
}

const portsSchema = z.array(z.object({ name: z.string(), type: z.string() }));

function portTypes(ports: unknown): Record<string, string> {
  return Object.fromEntries(portsSchema.parse(ports).map(({ name, type }) => [name, type]));
}
