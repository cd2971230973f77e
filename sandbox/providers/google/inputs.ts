import { z } from 'zod';

/** Request bodies (@google/genai 2.32.0, read 2026-11-26); what the sandbox does not act on is let through. */

const part = z.object({
  text: z.string().optional(),
  inlineData: z.object({ mimeType: z.string(), data: z.string() }).optional(),
  fileData: z.object({ mimeType: z.string().optional(), fileUri: z.string() }).optional(),
});
const content = z.object({ role: z.string().optional(), parts: z.array(part).min(1) });
const schema = z.record(z.string(), z.unknown());

export const aspectRatios = [
  ...(['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'] as const),
] as const;

export const generateInput = z.object({
  contents: z.array(content).min(1),
  systemInstruction: content.optional(),
  generationConfig: z
    .object({
      maxOutputTokens: z.int().min(1).optional(),
      seed: z.int().optional(),
      responseMimeType: z.string().optional(),
      responseSchema: schema.optional(),
      responseJsonSchema: schema.optional(),
      responseModalities: z.array(z.string()).optional(),
      imageConfig: z
        .object({
          aspectRatio: z.enum(aspectRatios).optional(),
          imageSize: z.enum(['512', '1K', '2K', '4K']).optional(),
        })
        .optional(),
      speechConfig: z
        .object({
          voiceConfig: z
            .object({ prebuiltVoiceConfig: z.object({ voiceName: z.string() }).optional() })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

export const embedInput = z.object({
  requests: z
    .array(z.object({ content, outputDimensionality: z.int().min(1).max(3_072).optional() }))
    .min(1)
    .max(100),
});

const interactionPart = z.object({
  type: z.string(),
  text: z.string().optional(),
  data: z.string().optional(),
  uri: z.string().optional(),
  mime_type: z.string().optional(),
});
const videoFormat = z.object({
  type: z.literal('video'),
  aspect_ratio: z.enum(['16:9', '9:16']).optional(),
  resolution: z.enum(['360p', '720p', '1080p', '4k']).optional(),
  duration: z
    .string()
    .regex(/^\d{1,2}s$/)
    .optional(),
  delivery: z.enum(['inline', 'uri']).optional(),
});

export const interactionInput = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(interactionPart).min(1)]),
  background: z.boolean().optional(),
  response_format: z.union([videoFormat, z.array(videoFormat).length(1)]).optional(),
});

export type GenerateInput = z.output<typeof generateInput>;
export type InteractionInput = z.output<typeof interactionInput>;
