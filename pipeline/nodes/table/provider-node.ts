import { z } from 'zod';
import {
  defineNode,
  UnsupportedRequestError,
  type CandidateDefinition,
  type MediaForm,
  type NodeDefinition,
  type NodeRequest,
  type Price,
  type WireInput,
  type WireValue,
} from '../../node-definition';
import { configShape } from '../node-config';
import { givenValue } from '../request';
import { toField, type Field, type FieldContext, type FieldSource } from './fields';

/** One operation of a provider, as candidates name it; pipeline/nodes/wire has them. */
export interface Endpoint {
  readonly provider: string;
  readonly label: string;
  readonly operation: string;
  readonly execution: CandidateDefinition['execution'];
  /** How it takes media; `url` unless given. */
  readonly media?: MediaForm;
}

/** A model at a provider as a table: how the node's request becomes its own, and what it costs. */
export interface CandidateTable extends Pick<
  CandidateDefinition,
  'model' | 'price' | 'availableUntil' | 'successor'
> {
  readonly at: Endpoint;
  /** By the provider's name of the field; a dot leads into an object: `generationConfig.seed`. */
  readonly fields: Readonly<Record<string, FieldSource>>;
  /** Sent with every request; also by path. */
  readonly constants?: Readonly<Record<string, WireValue>>;
  /** Config fields that make no difference to what is asked for: this model has no use for them. */
  readonly ignores?: readonly string[];
  readonly reads: CandidateDefinition['toOutputs'];
  readonly price: Price;
}

/** Everything of a node type but its implementation. */
export type ProviderNode = Omit<NodeDefinition, 'implementation' | 'version'> & {
  readonly version?: number;
  readonly candidates: readonly CandidateTable[];
};

/**
 * Declares a node type that providers serve, from tables. A candidate refuses by itself what a user has set and it has
 * no field for, so that the next one is tried and nothing is dropped in silence; a value that is only the default of
 * its config field is no wish.
 */
export function providerNode({ candidates, version = 1, ...rest }: ProviderNode): NodeDefinition {
  const names = [...Object.keys(configShape(rest.config)), ...Object.keys(rest.inputs)];
  const defaults = defaultsOf(rest.config);
  const toCandidate = (table: CandidateTable): CandidateDefinition => {
    const fields = Object.entries(table.fields).map(([path, source]) => [path, toField(source)] as const);
    const carried = new Set([...fields.flatMap(([, { from }]) => from), ...(table.ignores ?? [])]);
    const context: FieldContext = {
      model: `${table.model.split('/').at(-1) ?? table.model} at ${table.at.label}`,
      media: table.at.media ?? 'url',
      ports: rest.inputs,
    };
    const uncarried = new Map(
      names.filter((name) => !carried.has(name)).map((name) => [name, defaults.get(name)]),
    );
    return {
      provider: table.at.provider,
      operation: table.at.operation,
      execution: table.at.execution,
      model: table.model,
      price: table.price,
      toOutputs: table.reads,
      ...(table.availableUntil === undefined ? {} : { availableUntil: table.availableUntil }),
      ...(table.successor === undefined ? {} : { successor: table.successor }),
      toInput: (request) => {
        refuseWishes(request, uncarried, context.model);
        return build(request, fields, table.constants ?? {}, context);
      },
    };
  };
  return defineNode({
    ...rest,
    version,
    implementation: { kind: 'provider', candidates: candidates.map(toCandidate) },
  });
}

function refuseWishes(request: NodeRequest, uncarried: ReadonlyMap<string, unknown>, model: string): void {
  for (const [name, usual] of uncarried) {
    const value = givenValue(request, name);
    if (value === undefined || value === usual) continue;
    throw new UnsupportedRequestError(`${model} has no "${name}". Remove it to allow this model.`);
  }
}

function build(
  request: NodeRequest,
  fields: readonly (readonly [string, Field])[],
  constants: Readonly<Record<string, WireValue>>,
  context: FieldContext,
): WireInput {
  const wire: Record<string, WireValue> = {};
  for (const [path, value] of Object.entries(constants)) place(wire, path, value);
  for (const [path, field] of fields) {
    const value = field.read(request, context);
    if (value !== undefined) place(wire, path, value);
  }
  return wire;
}

function place(wire: Record<string, WireValue>, path: string, value: WireValue): void {
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0) wire[name] = value;
  else {
    const inner: Record<string, WireValue> = { ...(wire[name] as Readonly<Record<string, WireValue>>) };
    place(inner, rest.join('.'), value);
    wire[name] = inner;
  }
}

function defaultsOf(config: NodeDefinition['config']): ReadonlyMap<string, unknown> {
  return new Map(
    Object.entries(configShape(config)).map(([name, schema]) => [
      name,
      schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined,
    ]),
  );
}
