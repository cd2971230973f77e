import { z } from 'zod';
import type { InputPort, NodeDefinition, OutputPort } from './node-definition';

const portSchema = z.object({ name: z.string(), type: z.string(), description: z.string() });

/** A node type as `GET /nodes` shows it: what an editor, a client or an agent needs to use it. */
export const catalogEntrySchema = z.object({
  /** `category:name`. */
  type: z.string(),
  category: z.string(),
  version: z.number().int(),
  label: z.string(),
  description: z.string(),
  inputs: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      required: z.boolean(),
      /** Takes any number of edges. */
      many: z.boolean(),
      /** The config field of the same name serves when no edge does. */
      orConfig: z.boolean(),
      description: z.string(),
    }),
  ),
  outputs: z.array(portSchema),
  /** Of a group: the ports that its members see. */
  inner: z
    .object({
      /** What the group gives to each iteration. */
      gives: z.array(portSchema),
      /** What each iteration brings back. */
      takes: z.array(portSchema),
    })
    .optional(),
  /** JSON Schema (2020-12) of `data.config` as it may be posted. */
  config: z.record(z.string(), z.unknown()),
  /** Where the work is done. */
  runs: z.enum(['at_start', 'in_workflow', 'on_worker', 'at_provider']),
  /** In order of preference; empty for local nodes. */
  candidates: z.array(
    z.object({
      provider: z.string(),
      model: z.string(),
      price: z.object({ text: z.string(), source: z.string(), readOn: z.string() }),
      /** Last day on which it is chosen, YYYY-MM-DD. */
      availableUntil: z.string().optional(),
      /** The model that its provider names in its place. */
      successor: z.string().optional(),
    }),
  ),
  expectedSeconds: z.number(),
  /** The vendor closed the model of this name then, YYYY-MM-DD: the type is served by `successor`'s models. */
  availableUntil: z.string().optional(),
  /** The node type to use in place of this one. */
  successor: z.string().optional(),
  deterministic: z.boolean(),
});

export type CatalogEntry = z.infer<typeof catalogEntrySchema>;

export function describeNode(definition: NodeDefinition): CatalogEntry {
  const { type, version, label, description, implementation, expectedSeconds, inner } = definition;
  const candidates = implementation.kind === 'provider' ? implementation.candidates : [];
  return {
    type,
    category: type.split(':')[0] ?? type,
    version,
    label,
    description,
    inputs: Object.entries(definition.inputs).map(([name, port]) => describeInput(name, port)),
    outputs: describePorts(definition.outputs),
    ...(inner ? { inner: { gives: describePorts(inner.gives), takes: describePorts(inner.takes) } } : {}),
    config: configJsonSchema(definition),
    runs: places[implementation.kind],
    candidates: candidates.map(({ provider, model, price, ...rest }) => ({
      provider,
      model,
      price: { text: price.text, source: price.source, readOn: price.readOn },
      ...lifetimeOf(rest),
    })),
    expectedSeconds,
    ...lifetimeOf(definition),
    deterministic: definition.deterministic ?? false,
  };
}

type Lifetime = Pick<NodeDefinition, 'availableUntil' | 'successor'>;

function lifetimeOf({ availableUntil, successor }: Lifetime): Lifetime {
  return {
    ...(availableUntil === undefined ? {} : { availableUntil }),
    ...(successor === undefined ? {} : { successor }),
  };
}

const places: Readonly<Record<NodeDefinition['implementation']['kind'], CatalogEntry['runs']>> = {
  input: 'at_start',
  pure: 'in_workflow',
  group: 'in_workflow',
  delay: 'in_workflow',
  review: 'in_workflow',
  media: 'on_worker',
  deliver: 'on_worker',
  provider: 'at_provider',
};

function describeInput(name: string, port: InputPort): CatalogEntry['inputs'][number] {
  const { type, required = false, many = false, orConfig = false, description } = port;
  return { name, type, required, many, orConfig, description };
}

function describePorts(ports: Readonly<Record<string, OutputPort | InputPort>>) {
  return Object.entries(ports).map(([name, { type, description }]) => ({ name, type, description }));
}

/** Of what is posted, before defaults are filled in. */
function configJsonSchema(definition: NodeDefinition): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(definition.config, { io: 'input' });
  return schema;
}
