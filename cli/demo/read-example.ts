import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ExecuteInput } from '../../client/types';
import { BringUpError } from '../embedded/bring-up-error';
import { findProjectFolder } from '../project-folder';
import { readItems } from '../read-items';

const nodeSchema = z.looseObject({
  id: z.string(),
  data: z.looseObject({ config: z.looseObject({ workflow: z.string().optional() }).optional() }).optional(),
});

const exampleSchema = z.looseObject({
  nodes: z.array(nodeSchema),
  workflows: z
    .record(z.string(), z.looseObject({ nodes: z.array(nodeSchema), edges: z.array(z.looseObject({})) }))
    .optional(),
});

/** An example: the body of an execute call, with the workflows that its nodes name. */
export type Example = z.infer<typeof exampleSchema> & Pick<ExecuteInput, 'iteratorConfigs'>;

/**
 * Reads `examples/<name>.json`; where `<name>.csv` lies beside it, as a batch of its first rows.
 *
 * @param limit - Items of a batch.
 * @throws BringUpError naming the examples there are, when there is none of that name
 */
export function readExample(name: string, limit: number): Example {
  const folder = join(findProjectFolder(), 'examples');
  const names = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []));
  if (!names.includes(name))
    throw new BringUpError(`there is no example "${name}"; there are: ${names.join(', ')}`);
  const body = exampleSchema.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
  const items = join(folder, `${name}.csv`);
  return existsSync(items) ? { ...body, iteratorConfigs: readItems(items, folder, limit) } : body;
}
