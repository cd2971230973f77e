import { z } from 'zod';

/** Config fields and ports that image nodes share. */

export const PROMPT_LENGTH_MAX = 20_000;
const SEED_MAX = 2_147_483_647;

export const prompt = z
  .string()
  .min(1)
  .max(PROMPT_LENGTH_MAX)
  .optional()
  .describe('Used when no edge brings a prompt.');
export const seed = z
  .number()
  .int()
  .min(0)
  .max(SEED_MAX)
  .optional()
  .describe('The same seed and request give the same picture at one provider.');

export const promptPort = {
  type: 'text',
  required: true,
  orConfig: true,
  description: 'What the picture is to show.',
} as const;

export const imageOut = { image: { type: 'image', description: 'The picture.' } } as const;
