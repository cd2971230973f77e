import { z } from 'zod';
import type { InputPort } from '../../node-definition';

/** Parts that many language tasks share. */

export const TEXT_LENGTH_MAX = 200_000;

/** A required text that an edge or the config brings. */
export function textPort(description: string): InputPort {
  return { type: 'text', required: true, orConfig: true, description };
}

export function textField(what: string): z.ZodType {
  return z.string().min(1).max(TEXT_LENGTH_MAX).optional().describe(`Used when no edge brings ${what}.`);
}

export const imagePort: InputPort = {
  type: 'image',
  required: true,
  description: 'The picture: PNG, JPEG, WebP or GIF.',
};

export const language = (usual: string): z.ZodType =>
  z.string().min(2).max(40).default(usual).describe('A language by its English name, such as German.');

export const maxTokens = (usual: number): z.ZodType =>
  z.number().int().min(16).max(32_000).default(usual).describe('Longest answer, thoughts included, tokens.');

export const countField = (usual: number, most: number, what: string): z.ZodType =>
  z.number().int().min(1).max(most).default(usual).describe(`How many ${what}.`);

/** Fields that a user wants filled. */
export const wantedFields = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[A-Za-z_]\w{0,63}$/),
      type: z.enum(['string', 'number', 'boolean', 'string[]']).default('string'),
      description: z.string().min(1).max(500).optional(),
    }),
  )
  .min(1)
  .max(40);
