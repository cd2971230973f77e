import { z } from 'zod';
import { OPERATORS } from '../../pure/conditions';
import { jsonValueSchema } from '../json-value';

const comparison = z.strictObject({
  path: z
    .string()
    .max(256)
    .optional()
    .describe('Where in the value, such as `language` or `faces.0.age`; the value itself unless given.'),
  is: z.enum(OPERATORS),
  value: jsonValueSchema
    .optional()
    .describe('What it is compared with; `exists`, `empty` and `true` need none.'),
  matchCase: z.boolean().optional().describe('Texts compare without regard to case unless set.'),
});

/** Rules as data: a comparison, or several of them. */
export const conditionSchema = z.union([
  comparison,
  z.strictObject({ all: z.array(comparison).min(1).max(20) }),
  z.strictObject({ any: z.array(comparison).min(1).max(20) }),
  z.strictObject({ not: comparison }),
]);
