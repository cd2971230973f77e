import { z } from 'zod';
import { SEMANTIC_VERSION, SEMANTIC_VERSION_LENGTH_MAX } from '../pipeline/semantic-version';
import type { JsonObject, JsonValue } from '../workflows/contract';
import { batchFields, batchSettings } from './batch/iterator-configs';
import { VERSION_MAX } from './schemas';

/**
 * A part of the graph as it came: bodies are parsed JSON already, and the compiler names all of its faults at once, which a
 * schema here would hide behind the first one.
 */
const uncheckedJson = (openApi: Record<string, unknown>) => z.custom<JsonValue>().optional().meta(openApi);

/** What execute and quote have in common. */
export const graphFields = {
  nodes: uncheckedJson({
    type: 'array',
    items: { type: 'object' },
    description: 'Nodes as React Flow exports them: `{id, data: {nodeType, config}}`.',
  }),
  edges: uncheckedJson({
    type: 'array',
    items: { type: 'object' },
    description: 'Edges as React Flow exports them: `{id, source, target, sourceHandle?, targetHandle?}`.',
  }),
  triggerData: uncheckedJson({
    type: 'object',
    description: 'Values of the input nodes by their name; `prompt` serves a lone `input:text`.',
  }),
  variables: uncheckedJson({
    type: 'object',
    description:
      'Values of `${name}` where triggerData has no such name; added to those of a saved workflow.',
  }),
};

export const targetNodeIds = z
  .array(z.string().min(1).max(64))
  .min(1)
  .max(100)
  .optional()
  .describe('Run only these nodes and what they need.');

/** A version of a saved workflow by its number or its tag. */
export const versionSelector = z.union([
  z.int().positive().max(VERSION_MAX),
  z
    .string()
    .max(SEMANTIC_VERSION_LENGTH_MAX)
    .regex(SEMANTIC_VERSION, { error: 'A version is a number such as 3 or a tag such as 1.2.0.' }),
]);

/** Form only: whether the address may be reached is judged when it is called. */
export const callbackUrl = z.url({ protocol: /^https?$/ }).max(2_048);

export const executeBody = z.strictObject({
  ...graphFields,
  targetNodeIds,
  version: versionSelector
    .optional()
    .describe('Of a saved workflow: number or tag; the published one unless given.'),
  variant: z
    .string()
    .max(64)
    .optional()
    .describe('Of a saved workflow with variants; one by their weights unless given.'),
  budgetCredits: z
    .int()
    .positive()
    .optional()
    .describe('Most that the execution may cost, credits (US$0.001).'),
  priority: z.int().min(1).max(5).optional().describe('1 (first) to 5; 3 unless given.'),
  failFast: z.boolean().optional().describe('Start no further node after the first failure.'),
  tags: z.array(z.string().min(1).max(100)).max(20).optional(),
  ...batchFields,
  ...batchSettings,
  callbackUrl: callbackUrl
    .optional()
    .describe(
      'Told when the execution ends or waits: a signed POST, repeated for days until it is answered.',
    ),
});

export type ExecuteBody = z.infer<typeof executeBody>;

export const quoteBody = z.strictObject({
  ...graphFields,
  targetNodeIds,
  version: executeBody.shape.version,
  variant: executeBody.shape.variant,
  ...batchFields,
});

/** A saved workflow, `inline`, or a name for the posted graph: letters, digits, space and `_ . : -`. */
export const workflowParameters = z.object({ id: z.string().regex(/^[\w .:-]{1,100}$/) });

export const quoteSchema = z
  .object({
    minCredits: z.number().describe('First candidates, one round, no retry: what must be available.'),
    maxCredits: z.number(),
    items: z.number().optional().describe('Of a batch; its nodes are quoted with all their items.'),
    nodes: z.array(
      z.object({ nodeId: z.string(), nodeType: z.string(), minCredits: z.number(), maxCredits: z.number() }),
    ),
  })
  .meta({ id: 'Quote' });

/** An answer as JSON, to be stored: what is undefined goes. */
export function toStoredJson(value: object): JsonObject {
  return z.custom<JsonObject>().parse(JSON.parse(JSON.stringify(value)));
}
