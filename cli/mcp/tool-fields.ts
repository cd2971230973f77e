import { z } from 'zod';

/** Fields that many tools take. */
export const executionId = z.string().min(1).describe('As run_workflow answered it, `exe_…`.');
export const workflowId = z.string().min(1).describe('As list_workflows answers it, `wf_…`.');
export const page = { limit: z.int().min(1).max(100).optional(), cursor: z.string().optional() };
export const idempotencyKey = z.string().min(1).max(255).optional();

export const nodes = z
  .array(z.looseObject({ id: z.string() }))
  .describe('React Flow nodes: [{id, data: {nodeType, config}}]. See list_models for node types.');
export const edges = z
  .array(z.looseObject({ source: z.string(), target: z.string() }))
  .describe('React Flow edges: [{id, source, target, sourceHandle?, targetHandle?}].');
export const triggerData = z
  .record(z.string(), z.json())
  .describe('Values of input nodes by their name or id, such as {"prompt": "…"}.');

export const iteratorConfigs = z
  .array(
    z.object({
      nodeId: z.string(),
      path: z.string().optional().describe('Field of the config; of input nodes the value unless given.'),
      values: z.array(z.json()),
      limit: z.int().positive().optional(),
      mode: z.enum(['zip', 'product']).optional(),
    }),
  )
  .describe('Runs the graph once per value, up to 1,000 items; see list_items.');
