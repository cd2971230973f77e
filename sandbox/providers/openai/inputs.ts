import { z } from 'zod';

/** Request bodies (openai-openapi 2.3.0, read 2026-11-21); what the sandbox does not act on is let through. */

const format = z.enum(['png', 'jpeg', 'webp']).default('png');
const quality = z.enum(['low', 'medium', 'high', 'auto', 'xhigh', 'max', 'standard', 'hd']).default('auto');

export const imageInput = z.object({
  prompt: z.string().min(1).max(32_000),
  model: z.string().default('gpt-image-2'),
  n: z.coerce.number().int().min(1).max(10).default(1),
  size: z
    .string()
    .regex(/^auto$|^\d{2,4}x\d{2,4}$/)
    .default('auto'),
  quality,
  output_format: format,
  background: z.enum(['transparent', 'opaque', 'auto']).default('auto'),
});

export const speechInput = z.object({
  model: z.string(),
  input: z.string().min(1).max(4_096),
  voice: z.union([z.string(), z.object({ id: z.string() })]),
  response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).default('mp3'),
  speed: z.number().min(0.25).max(4).default(1),
  instructions: z.string().max(4_096).optional(),
});

/** The fields of the form; `file` is none of them. */
export const transcriptionInput = z.object({
  model: z.string(),
  language: z.string().optional(),
  prompt: z.string().optional(),
  response_format: z.enum(['json', 'text', 'verbose_json']).default('json'),
  temperature: z.coerce.number().min(0).max(1).optional(),
});

const jsonSchema = z.record(z.string(), z.unknown());

const chatPart = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }),
  z.object({ type: z.string() }),
]);

export const chatInput = z.object({
  model: z.string(),
  messages: z
    .array(
      z.object({ role: z.string(), content: z.union([z.string(), z.array(chatPart), z.null()]).optional() }),
    )
    .min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(8).nullish(),
  seed: z.int().nullish(),
  stream: z.boolean().nullish(),
  response_format: z
    .union([
      z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: jsonSchema.optional() }) }),
      z.object({ type: z.enum(['text', 'json_object']) }),
    ])
    .optional(),
});

const responsePart = z.union([
  z.object({ type: z.enum(['input_text', 'output_text']), text: z.string() }),
  z.object({ type: z.literal('input_image'), image_url: z.string() }),
  z.object({ type: z.string() }),
]);

export const responseInput = z.object({
  model: z.string(),
  input: z.union([
    z.string(),
    z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(responsePart)]) })),
  ]),
  instructions: z.string().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  background: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  text: z
    .object({
      format: z
        .union([
          z.object({ type: z.literal('json_schema'), schema: jsonSchema }),
          z.object({ type: z.enum(['text', 'json_object']) }),
        ])
        .optional(),
    })
    .optional(),
});

export const moderationInput = z.object({
  model: z.string().default('omni-moderation-latest'),
  input: z.union([
    z.string(),
    z.array(z.union([z.string(), z.object({ type: z.string(), text: z.string().optional() })])).min(1),
  ]),
});

export const embeddingInput = z.object({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(z.string()).min(1).max(2_048)]),
  dimensions: z.int().min(1).max(3_072).optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
});

export type TranscriptionInput = z.output<typeof transcriptionInput>;
export type ImageInput = z.output<typeof imageInput>;
export type ChatInput = z.output<typeof chatInput>;
export type ResponseInput = z.output<typeof responseInput>;
