import { z } from 'zod';

/** Bodies of POST /v1/messages (@anthropic-ai/sdk 1.11.0, read 2026-11-26); what has no effect here is let through. */

const imageSource = z.union([
  z.object({ type: z.literal('base64'), media_type: z.string(), data: z.string() }),
  z.object({ type: z.literal('url'), url: z.string() }),
]);

const block = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image'), source: imageSource }),
  z.object({ type: z.string() }),
]);

export const messagesInput = z.object({
  model: z.string().min(1),
  max_tokens: z.int().min(1),
  messages: z
    .array(
      z.object({
        role: z.enum(['user', 'assistant', 'system']),
        content: z.union([z.string(), z.array(block)]),
      }),
    )
    .min(1),
  system: z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))]).optional(),
  stream: z.boolean().optional(),
  output_config: z
    .object({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: z
        .object({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) })
        .nullish(),
    })
    .optional(),
});

export type MessagesInput = z.output<typeof messagesInput>;
export type ContentBlock = z.output<typeof block>;
