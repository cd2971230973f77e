import { z } from 'zod';
import type { JsonValue } from '../../workflows/contract';

/** Any JSON value. What reaches a node's schema has passed `guardJson`, so nothing is left to check. */
export const jsonValueSchema: z.ZodType<JsonValue> = z.json();
