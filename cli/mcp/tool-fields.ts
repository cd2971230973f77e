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
