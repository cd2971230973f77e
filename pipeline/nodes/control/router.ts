import { z } from 'zod';
import { defineNode, type NodePorts, type OutputPort, type PortContext } from '../../node-definition';
import { isJsonObject, isList } from '../../pure/values';
import { jsonValueSchema } from '../json-value';
import { nodeConfig } from '../node-config';
import { conditionSchema } from './condition-schema';

const routeName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .refine((name) => name !== 'route' && name !== 'otherwise', 'it is the name of another port');

const inputs: NodePorts['inputs'] = {
  value: { type: 'any', description: 'What goes on along the route that is taken.' },
  on: {
    type: 'any',
    orConfig: true,
    description: 'What the rules look at, such as the answer of a classifier; the value unless connected.',
  },
};

const route: OutputPort = { type: 'text', description: 'Name of the route, several joined by commas.' };

/** One output port per route. */
function portsOf({ config, shapeInto }: PortContext): NodePorts {
  const passed = shapeInto('value') ?? shapeInto('on') ?? { type: 'text' as const, list: false };
  const judged = shapeInto('on') ?? passed;
  const routes: readonly unknown[] = isList(config['routes']) ? config['routes'] : [];
  const names = routes.flatMap((each) =>
    isJsonObject(each) && typeof each['name'] === 'string' ? [each['name']] : [],
  );
  const port = (description: string): OutputPort => ({ ...passed, mayBeAbsent: true, description });
  return {
    inputs: {
      value: { ...inputs['value'], type: passed.type, description: inputs['value']?.description ?? '' },
      on: { type: judged.type, orConfig: true, description: inputs['on']?.description ?? '' },
    },
    outputs: {
      ...Object.fromEntries(names.map((name) => [name, port(`The value, when "${name}" is taken.`)])),
      otherwise: port('The value, when no rule holds.'),
      route,
    },
  };
}

export const router = defineNode({
  type: 'control:router',
  version: 1,
  label: 'Router',
  description:
    'Sends a value along the route whose rule holds. Nodes behind the others are skipped; joins go on without them.',
  config: nodeConfig({
    routes: z
      .array(z.strictObject({ name: routeName, when: conditionSchema }))
      .min(1)
      .max(20)
      .describe('Looked at in order; each is an output port of its name, beside `otherwise`.'),
    mode: z.enum(['first', 'all']).default('first').describe('Take the first rule that holds, or all.'),
    on: jsonValueSchema.optional().describe('Used when no edge brings it, such as `${nodes.n1.text}`.'),
  }),
  inputs,
  outputs: { otherwise: { type: 'any', mayBeAbsent: true, description: 'No rule holds.' }, route },
  ports: portsOf,
  mainInput: 'value',
  implementation: { kind: 'pure', function: 'control_router', passesReferences: true },
  expectedSeconds: 0,
  deterministic: true,
});
