import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { JsonValue } from '../../workflows/contract';
import { mediaProbeSchema } from '../../store/assets/media/media-probe';

/** WebP cannot hold a longer side. */
const SIDE_PIXELS_MAX = 16_383;

/** A file that we wrote ourselves. Never a URL: media libraries would fetch it. */
const inputPath = z.string().refine(isAbsolute, 'must be the absolute path of a local file');
const side = z.number().int().min(1).max(SIDE_PIXELS_MAX);
const offset = z.number().int().min(0).max(SIDE_PIXELS_MAX);
const pictureFormat = z.enum(['png', 'webp', 'jpeg', 'avif']);
const jsonValue: z.ZodType<JsonValue, JsonValue> = z.custom<JsonValue>(
  (value) => z.json().safeParse(value).success,
);

const resize = z
  .strictObject({
    kind: z.literal('image.resize'),
    inputPath,
    width: side.optional(),
    height: side.optional(),
    /** `cover` crops, `contain` adds a border (transparent, white in JPEG), `fill` distorts, `inside` keeps within the box. */
    fit: z.enum(['cover', 'contain', 'fill', 'inside']).default('cover'),
    withoutEnlargement: z.boolean().default(false),
  })
  .refine(({ width, height }) => width !== undefined || height !== undefined, 'needs width, height or both');

/** One piece of local media work, as plain JSON. Sizes are in pixels of the upright picture. */
export const mediaOperationSchema = z.discriminatedUnion('kind', [
  resize,
  z.strictObject({
    kind: z.literal('image.format'),
    inputPath,
    format: pictureFormat,
    /** 1–100; PNG has no loss and ignores it. */
    quality: z.number().int().min(1).max(100).optional(),
  }),
  z.strictObject({
    kind: z.literal('image.crop'),
    inputPath,
    left: offset,
    top: offset,
    width: side,
    height: side,
  }),
  /** Decodes every pixel, so that a damaged file is found out. */
  z.strictObject({ kind: z.literal('image.probe'), inputPath }),
  z.strictObject({ kind: z.literal('video.probe'), inputPath }),
  z.strictObject({
    kind: z.literal('video.thumbnail'),
    inputPath,
    /** From the start of the clip; past its end, the last frame is taken. */
    atSeconds: z.number().min(0).default(0),
    width: side.optional(),
    format: pictureFormat.default('png'),
  }),
  z.strictObject({ kind: z.literal('audio.probe'), inputPath }),
  /** A node type of pipeline/nodes/local: its config is checked by its own schema, in the child. */
  z.strictObject({
    kind: z.literal('work'),
    work: z.string(),
    config: z.record(z.string(), z.json()),
    /** By input port, in edge order. */
    inputs: z.record(z.string(), z.array(inputPath)),
  }),
]);
export type MediaOperation = z.infer<typeof mediaOperationSchema>;
export type ImageOperation = Extract<MediaOperation, { readonly kind: `image.${string}` }>;
export type PictureFormat = z.infer<typeof pictureFormat>;

export const mediaResultSchema = z.discriminatedUnion('kind', [
  /** A new file in the work folder; whoever asked for it moves or removes it. */
  z.object({
    kind: z.literal('file'),
    path: z.string(),
    mimeType: z.string(),
    bytes: z.number().int(),
    width: z.number().int(),
    height: z.number().int(),
  }),
  z.object({ kind: z.literal('probe'), probe: mediaProbeSchema }),
  /** New files inside a folder, which is then the caller's, and values, both by output port. */
  z.object({
    kind: z.literal('work'),
    folder: z.string(),
    files: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    values: z.record(z.string(), jsonValue),
  }),
]);
export type MediaResult = z.infer<typeof mediaResultSchema>;

/** As messages name it: `image.resize`, `video:concat`. */
export function nameOf(operation: MediaOperation): string {
  return operation.kind === 'work' ? operation.work : operation.kind;
}
