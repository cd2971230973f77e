import { z } from 'zod';
import type { NodeRequest, WireValue } from '../node-definition';
import { optionalAsset, optionalText } from './request';
import { computed, type Field } from './table/fields';

/** Config fields and ports that video nodes share. */

export const prompt = (lengthMax: number) =>
  z.string().min(1).max(lengthMax).optional().describe('Used when no edge brings a prompt.');
export const negativePrompt = z.string().max(2_500).optional().describe('What must not be seen.');
export const seed = z
  .number()
  .int()
  .min(0)
  .max(2_147_483_647)
  .optional()
  .describe('Same seed, same clip, as far as the model can.');
export const hasAudio = z.boolean().default(false).describe('Whether the model makes sound, too.');

/** Whole lengths that a model makes, seconds. */
export function lengths(first: number, ...more: readonly number[]) {
  return z.union([z.literal(first), ...more.map((seconds) => z.literal(seconds))]).default(first);
}

export function aspectRatios<const Ratio extends string>(...ratios: readonly [Ratio, ...Ratio[]]) {
  return z.enum(ratios).default(ratios[0]).describe('Width : height.');
}

/** Pixels of the short side; the first one is the default. */
export function resolutions<const Name extends string>(...names: readonly [Name, ...Name[]]) {
  return z.enum(names).default(names[0]).describe('Lines of the picture.');
}

export const promptPort = {
  type: 'text',
  required: true,
  orConfig: true,
  description: 'What happens in the clip.',
} as const;
export const imagePort = { type: 'image', required: true, description: 'The first frame.' } as const;
export const endImagePort = { type: 'image', description: 'The last frame.' } as const;
export const videoOut = { video: { type: 'video', description: 'The clip.' } } as const;

/** A value that stays the same for every request of this candidate that says yes or no. */
export function yesOrNo(name: string, yes: WireValue, no: WireValue): Field {
  return computed([name], (request) => (optionalText(request, name) === 'true' ? yes : no));
}

/** Length of what is connected at a port, seconds; `usual` while it is not known. */
export function lengthOf(port: string, usual: number): (request: NodeRequest) => number {
  return (request) => Math.ceil(optionalAsset(request, port)?.durationSeconds ?? usual);
}
