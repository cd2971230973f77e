import { z } from 'zod';
import {
  defineNode,
  MediaInput,
  UnexpectedReplyError,
  type CandidateDefinition,
  type NodeDefinition,
  type NodeRequest,
} from '../../../pipeline/node-definition';
import { nodeConfig } from '../../../pipeline/nodes/node-config';
import { definedOnly, field, optionalAsset, requiredText } from '../../../pipeline/nodes/request';
import {
  CHAOS_MODEL,
  CHAOS_PRICE_USD,
  chaosNodeType,
  chaosProviderId,
  SAFETY_CLASSES,
  type SafetyClass,
} from './chaos-classes';

/** One node type per class, and one that falls back from a provider of class `none` to one of class `idempotent`. */
export const chaosNodes: readonly NodeDefinition[] = [
  ...SAFETY_CLASSES.map((safety) => chaosNode(chaosNodeType(safety), [safety])),
  chaosNode('chaos:fallback', ['none', 'idempotent']),
];

function chaosNode(type: string, classes: readonly SafetyClass[]): NodeDefinition {
  return defineNode({
    type,
    version: 1,
    label: type,
    description: 'A picture, made by a provider that tests what happens when things break.',
    config: nodeConfig({ prompt: z.string().min(1).optional(), variant: z.number().int().optional() }),
    inputs: {
      prompt: { type: 'text', required: true, orConfig: true, description: 'What to show.' },
      image: { type: 'image', description: 'Comes first; the picture does not depend on it.' },
    },
    outputs: { image: { type: 'image', description: 'The picture.' } },
    implementation: { kind: 'provider', candidates: classes.map(candidate) },
    expectedSeconds: 1,
    deterministic: true,
  });
}

function candidate(safety: SafetyClass): CandidateDefinition {
  return {
    provider: chaosProviderId(safety),
    model: CHAOS_MODEL,
    operation: 'job',
    execution: 'queue',
    price: {
      usd: () => CHAOS_PRICE_USD,
      text: '$0.02 a picture',
      source: 'test/chaos',
      readOn: '2026-11-21',
    },
    toInput: (request: NodeRequest) => {
      const image = optionalAsset(request, 'image');
      return definedOnly({
        prompt: requiredText(request, 'prompt', 1_000),
        variant: request.config['variant'],
        image: image && new MediaInput(image, 'data_uri'),
      });
    },
    toOutputs: ({ body }) => {
      const url = field(body, 'url');
      if (typeof url !== 'string') throw new UnexpectedReplyError('The job has no url.');
      return { image: { kind: 'url', url } };
    },
  };
}
