import { z } from 'zod';
import type { JsonObject, JsonValue } from '../workflows/contract';
import { jsonValueSchema } from './nodes/json-value';
import { isJsonObject, isList } from './pure/values';

/** Variants of a workflow that are tried against each other: `variants` of its graph. */
export const variantsSchema = z
  .array(
    z.strictObject({
      name: z.string().regex(/^\w{1,64}$/),
      /** Share of the executions, against the sum of all weights. */
      weight: z.number().positive().max(1_000_000),
      /** Written over those of the workflow. */
      variables: z.record(z.string(), jsonValueSchema).optional(),
      /** By node id: config fields written over those of the node. */
      nodes: z.record(z.string(), z.record(z.string(), jsonValueSchema)).optional(),
    }),
  )
  .max(20);

export type Variant = z.infer<typeof variantsSchema>[number];

/** What is wrong with `variants`, in words; undefined where they can be used or are absent. */
export function variantsFault(
  graph: JsonObject,
): { readonly path: string; readonly message: string } | undefined {
  if (graph['variants'] === undefined) return undefined;
  const parsed = variantsSchema.safeParse(graph['variants']);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return {
      path: ['variants', ...(issue?.path ?? [])].join('.'),
      message: issue?.message ?? 'It is not readable.',
    };
  }
  const ids = new Set(nodesOf(graph).flatMap((node) => (isJsonObject(node) ? [node['id']] : [])));
  const seen = new Set<string>();
  for (const [index, { name, nodes = {} }] of parsed.data.entries()) {
    if (seen.has(name))
      return { path: `variants.${index}.name`, message: `Two variants have the name "${name}".` };
    seen.add(name);
    const absent = Object.keys(nodes).find((id) => !ids.has(id));
    if (absent !== undefined) {
      return { path: `variants.${index}.nodes.${absent}`, message: `The graph has no node "${absent}".` };
    }
  }
  return undefined;
}

export function readVariants(graph: JsonObject): readonly Variant[] {
  const parsed = variantsSchema.safeParse(graph['variants'] ?? []);
  return parsed.success ? parsed.data : [];
}

/** @param point - 0 ≤ x < 1: each variant has a share of this range, as its weight is of all weights. */
export function pickVariant(variants: readonly Variant[], point: number): Variant | undefined {
  const sum = variants.reduce((total, { weight }) => total + weight, 0);
  let left = point * sum;
  for (const variant of variants) {
    left -= variant.weight;
    if (left < 0) return variant;
  }
  return variants.at(-1);
}

/** The graph as it runs in a variant, without the others. */
export function applyVariant(graph: JsonObject, variant: Variant): JsonObject {
  const { variants: _others, ...rest } = graph;
  const saved = isJsonObject(rest['variables']) ? rest['variables'] : {};
  const configs = variant.nodes ?? {};
  return {
    ...rest,
    variables: { ...saved, ...variant.variables },
    nodes: nodesOf(graph).map((node) => overrideConfig(node, configs)),
  };
}

function overrideConfig(node: JsonValue, configs: Readonly<Record<string, JsonObject>>): JsonValue {
  const id = isJsonObject(node) ? node['id'] : undefined;
  if (!isJsonObject(node) || typeof id !== 'string' || !Object.hasOwn(configs, id)) return node;
  const data = isJsonObject(node['data']) ? node['data'] : {};
  const config = isJsonObject(data['config']) ? data['config'] : {};
  return { ...node, data: { ...data, config: { ...config, ...configs[id] } } };
}

function nodesOf({ nodes }: JsonObject): readonly JsonValue[] {
  return isList(nodes) ? nodes : [];
}
