import { z } from 'zod';
import type { Multipart } from '../../core/multipart';
import { asDataUri } from '../../core/multipart';
import type { PictureFormat, Recipe, Rework } from '../../media/recipe';
import { sizeOf } from '../../media/sizes';

/** One service of the Stable Image API: what it takes, what it makes, what it costs. */
export interface StabilityService {
  readonly fields: z.ZodObject;
  /** Files that must be there. */
  readonly files: readonly string[];
  /** US cents. */
  readonly credits: number;
  /** Answers an id, and the result later. */
  readonly isJob?: boolean;
  readonly recipe: (input: ServiceInput) => Recipe;
}

export interface ServiceInput {
  readonly prompt: string;
  readonly seed: number;
  readonly label: string;
  readonly format: PictureFormat;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Data URIs by the name of the part. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where a request goes wrong: in the words of the API's `errors` list. */
export function faultsOf(service: StabilityService, form: Multipart): readonly string[] {
  const given = new Set(form.files.map(({ field }) => field));
  const missing = service.files.filter((name) => !given.has(name)).map((name) => `${name}: is required`);
  const parsed = service.fields.safeParse(form.fields, { reportInput: true });
  const wrong = (parsed.error?.issues ?? []).map(
    (issue) =>
      `${issue.path.join('.') || 'body'}: ${issue.input === undefined ? 'is required' : issue.message}`,
  );
  return [...missing, ...wrong];
}

export function inputOf(path: string, form: Multipart, defaultSeed: number): ServiceInput {
  const { fields } = form;
  const text = (name: string): string | undefined => fields[name];
  const format = text('output_format') ?? 'png';
  const files = Object.fromEntries(form.files.map((part) => [part.field, asDataUri(part)]));
  return {
    prompt: text('prompt') ?? text('background_prompt') ?? path,
    seed: Number(text('seed') ?? 0) || defaultSeed,
    label: `stability · ${text('model') ?? path}`,
    format: format === 'jpeg' || format === 'webp' ? format : 'png',
    fields,
    files,
  };
}

const RATIOS = ['16:9', '1:1', '21:9', '2:3', '3:2', '4:5', '5:4', '9:16', '9:21'] as const;
const prompt = z.string().min(1).max(10_000);
const anyPrompt = z.string().max(10_000).optional();
/** Forms carry texts: numbers are read from them. */
const between = (least: number, most: number) => z.coerce.number().min(least).max(most).optional();
const output = z.enum(['png', 'jpeg', 'webp']).optional();
const common = {
  negative_prompt: anyPrompt,
  seed: between(0, 4_294_967_294),
  output_format: output,
};
const styled = { ...common, style_preset: z.string().optional() };
const shaped = { ...styled, aspect_ratio: z.enum(RATIOS).optional() };
const grow = { grow_mask: between(0, 100) };

const generated = ({ prompt: words, seed, label, format, fields, files }: ServiceInput): Recipe => ({
  kind: 'picture',
  prompt: words,
  seed,
  label,
  format,
  ...sizeOf(typeof fields['aspect_ratio'] === 'string' ? fields['aspect_ratio'] : '1:1', 1024 * 1024),
  ...(files['image'] === undefined ? {} : { sources: [files['image']] }),
});

/** Derived from the picture in `name`, in its size. */
const edited =
  (name: string, rework?: (input: ServiceInput) => Rework) =>
  (input: ServiceInput): Recipe => ({
    kind: 'picture',
    prompt: input.prompt,
    seed: input.seed,
    label: input.label,
    format: input.format,
    sources: [input.files[name] ?? ''],
    ...(rework === undefined ? {} : { rework: rework(input) }),
  });

const masked =
  (kind: 'fill' | 'erase') =>
  ({ files }: ServiceInput): Rework => ({ kind, mask: files['mask'] });

const upscaled =
  (target: { factor: number } | { pixels: number }) =>
  ({ files, format }: ServiceInput): Recipe => ({
    kind: 'upscale',
    source: files['image'] ?? '',
    factor: 1,
    format,
    ...target,
  });

const marginsOf = ({ fields }: ServiceInput): Rework => {
  const side = (name: string): number => Number(fields[name] ?? 0);
  return {
    kind: 'extend',
    margins: { left: side('left'), right: side('right'), up: side('up'), down: side('down') },
  };
};

const margin = between(0, 2_000);
const DIFFUSION_CREDITS: Readonly<Record<string, number>> = {
  'sd3.5-large': 6.5,
  'sd3.5-large-turbo': 4,
  'sd3.5-medium': 3.5,
  'sd3.5-flash': 2.5,
};

/** What a call costs; the Stable Diffusion models differ. */
export function creditsOf(service: StabilityService, fields: Readonly<Record<string, unknown>>): number {
  return DIFFUSION_CREDITS[String(fields['model'])] ?? service.credits;
}

/** By the path below `/v2beta/stable-image/`. Fields and credits: aself101/stability-ai-api 1.0.1, 2026-09-22. */
export const stabilityServices: Readonly<Record<string, StabilityService>> = {
  'generate/core': { fields: z.object({ prompt, ...shaped }), files: [], credits: 3, recipe: generated },
  'generate/ultra': {
    fields: z.object({ prompt, ...shaped, strength: between(0, 1) }),
    files: [],
    credits: 8,
    recipe: generated,
  },
  'generate/sd3': {
    fields: z.object({
      prompt,
      ...shaped,
      model: z.enum(['sd3.5-large', 'sd3.5-large-turbo', 'sd3.5-medium', 'sd3.5-flash']).optional(),
      mode: z.enum(['text-to-image', 'image-to-image']).optional(),
      strength: between(0, 1),
      cfg_scale: between(1, 10),
    }),
    files: [],
    credits: 6.5,
    recipe: generated,
  },
  'upscale/fast': {
    fields: z.object({ output_format: output }),
    files: ['image'],
    credits: 2,
    recipe: upscaled({ factor: 4 }),
  },
  'upscale/conservative': {
    fields: z.object({ prompt, ...common, creativity: between(0.2, 0.5) }),
    files: ['image'],
    credits: 40,
    recipe: upscaled({ pixels: 4_194_304 }),
  },
  'upscale/creative': {
    fields: z.object({ prompt, ...styled, creativity: between(0.1, 0.5) }),
    files: ['image'],
    credits: 60,
    isJob: true,
    recipe: upscaled({ pixels: 4_194_304 }),
  },
  'edit/erase': {
    fields: z.object({ ...common, ...grow }),
    files: ['image'],
    credits: 5,
    recipe: edited('image', masked('erase')),
  },
  'edit/inpaint': {
    fields: z.object({ prompt, ...styled, ...grow }),
    files: ['image'],
    credits: 5,
    recipe: edited('image', masked('fill')),
  },
  'edit/outpaint': {
    fields: z
      .object({ prompt: anyPrompt, ...styled, creativity: between(0, 1) })
      .extend({ left: margin, right: margin, up: margin, down: margin }),
    files: ['image'],
    credits: 4,
    recipe: edited('image', marginsOf),
  },
  'edit/search-and-replace': {
    fields: z.object({ prompt, search_prompt: prompt, ...styled, ...grow }),
    files: ['image'],
    credits: 5,
    recipe: edited('image', masked('fill')),
  },
  'edit/search-and-recolor': {
    fields: z.object({ prompt, select_prompt: prompt, ...styled, ...grow }),
    files: ['image'],
    credits: 5,
    recipe: edited('image'),
  },
  'edit/remove-background': {
    fields: z.object({ output_format: z.enum(['png', 'webp']).optional() }),
    files: ['image'],
    credits: 5,
    recipe: ({ files, format }) => ({
      kind: 'cutout',
      source: files['image'] ?? '',
      format: format === 'webp' ? 'webp' : 'png',
    }),
  },
  'edit/replace-background-and-relight': {
    fields: z.object({
      background_prompt: anyPrompt,
      foreground_prompt: anyPrompt,
      ...common,
      preserve_original_subject: between(0, 1),
      original_background_depth: between(0, 1),
      keep_original_background: z.enum(['true', 'false']).optional(),
      light_source_direction: z.enum(['above', 'below', 'left', 'right']).optional(),
      light_source_strength: between(0, 1),
    }),
    files: ['subject_image'],
    credits: 8,
    isJob: true,
    recipe: edited('subject_image', () => ({ kind: 'background' })),
  },
  'control/sketch': {
    fields: z.object({ prompt, ...styled, control_strength: between(0, 1) }),
    files: ['image'],
    credits: 5,
    recipe: edited('image'),
  },
  'control/structure': {
    fields: z.object({ prompt, ...styled, control_strength: between(0, 1) }),
    files: ['image'],
    credits: 5,
    recipe: edited('image'),
  },
  'control/style': {
    fields: z.object({ prompt, ...shaped, fidelity: between(0, 1) }),
    files: ['image'],
    credits: 5,
    recipe: generated,
  },
  'control/style-transfer': {
    fields: z.object({
      prompt: anyPrompt,
      ...common,
      style_strength: between(0, 1),
      composition_fidelity: between(0, 1),
      change_strength: between(0.1, 1),
    }),
    files: ['init_image', 'style_image'],
    credits: 8,
    recipe: edited('init_image'),
  },
};
