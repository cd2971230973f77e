import { z } from 'zod';
import { BATCH_ITEMS_MAX, readIteratorPath, type Iterator } from '../../pipeline/batch/iterators';
import type { GraphIssue } from '../../pipeline/graph-issue';
import type { JsonValue } from '../../workflows/contract';
import { CsvError, readCsvColumn } from './read-csv';

/** Far more than a batch takes: `limit` may choose the first ones of a long list. */
const VALUES_MAX = 100_000;

const iteratorConfig = z
  .strictObject({
    nodeId: z
      .string()
      .min(1)
      .max(64)
      .describe('Whose value, or which field of its config, the items differ in.'),
    path: z
      .string()
      .regex(/^[^.]{1,100}([.][^.]{1,100}){0,9}$/)
      .optional()
      .describe(
        'Field of the node’s config, such as `prompt` or `options.size`. Input nodes: their value unless given.',
      ),
    values: z
      .array(z.custom<JsonValue>((value) => value !== undefined))
      .max(VALUES_MAX)
      .optional()
      .meta({ type: 'array', items: {}, description: 'One per item. Files as URLs or `{"assetId": "…"}`.' }),
    csv: z.string().max(1_000_000).optional().describe('CSV text with a header line, in place of values.'),
    column: z
      .string()
      .max(200)
      .optional()
      .describe('Of the CSV; unless given the one named as the path or the node, or its only one.'),
    limit: z.int().min(1).max(BATCH_ITEMS_MAX).optional().describe('Try the first ones only.'),
    mode: z
      .enum(['zip', 'product'])
      .default('zip')
      .describe('How it joins the ones before it: value by value, or each with each.'),
  })
  .refine(
    ({ values, csv }) => (values === undefined) !== (csv === undefined),
    'Give values or csv, one of them.',
  );

export const batchFields = {
  iteratorConfigs: z
    .array(iteratorConfig)
    .min(1)
    .max(20)
    .optional()
    .describe(
      `Runs the graph once per value, at most ${BATCH_ITEMS_MAX} items in one execution; nodes that no iterated node comes before run once.`,
    ),
};

export const batchSettings = {
  allowPartial: z
    .boolean()
    .optional()
    .describe('Of a batch: COMPLETED though items failed, unless all of them have.'),
  autoRedrive: z
    .strictObject({
      times: z.int().min(1).max(10),
      after: z.int().min(0).max(86_400).describe('Seconds from the failure on.'),
    })
    .optional()
    .describe('Of a batch: items that fail are tried again by themselves.'),
};

export type IteratorConfigs = NonNullable<z.infer<z.ZodObject<typeof batchFields>>['iteratorConfigs']>;

export type ReadIterators =
  | { readonly ok: true; readonly iterators: readonly Iterator[] }
  | { readonly ok: false; readonly issues: readonly GraphIssue[] };

/** Values as they came; those of CSV are the texts of one column, as numbers or flags where the node holds such ones. */
export function readIterators(configs: IteratorConfigs, nodes: JsonValue | undefined): ReadIterators {
  const issues: GraphIssue[] = [];
  const iterators = configs.flatMap(
    ({ nodeId, path, values, csv, column, limit, mode }, index): Iterator[] => {
      const place = { nodeId, ...(path === undefined ? {} : { path: readIteratorPath(path) }) };
      try {
        const read = values ?? readCsvColumn(csv ?? '', { ...place, column, nodes });
        return [{ ...place, values: read, ...(limit === undefined ? {} : { limit }), mode }];
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        const at = `iteratorConfigs[${index}].csv`;
        issues.push({ path: at, code: 'iterator_csv_invalid', message: error.message, fix: error.fix });
        return [];
      }
    },
  );
  return issues.length > 0 ? { ok: false, issues } : { ok: true, iterators };
}
