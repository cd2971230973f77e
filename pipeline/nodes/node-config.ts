import { z } from 'zod';
import type { NodeDefinition } from '../node-definition';

/**
 * Strict schema of a node's config. The compiler reads the shape of it (see `configShape`), so it stays an object.
 * The cast tells TypeScript what zod's inference of a recursive JSON type cannot hold: config is JSON by construction.
 */
export function nodeConfig(shape: z.ZodRawShape): NodeDefinition['config'] {
  return z.strictObject(shape) as z.ZodType<unknown> as NodeDefinition['config'];
}

/** The fields of a schema made by `nodeConfig`, refined or not. */
export function configShape(config: NodeDefinition['config']): z.ZodRawShape {
  return config instanceof z.ZodObject ? config.shape : {};
}
