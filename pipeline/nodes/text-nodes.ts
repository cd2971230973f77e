import { z } from 'zod';
import { nodeConfig } from './node-config';
import { defineNode, type NodeDefinition, type NodeRequest, type Price } from '../node-definition';
import { UnexpectedReplyError } from '../node-definition';
import { PRICE_SOURCES, PRICES_READ_ON } from './price-sources';
import {
  definedOnly,
  field,
  optionalNumber,
  optionalText,
  refuseIfSet,
  requiredText,
  textBytes,
} from './request';
import { falModel } from './wire/fal';
import { openaiChatText, openaiModel, openaiUsage } from './wire/openai';

const PROMPT_LENGTH_MAX = 200_000;

/** gpt-5.4-mini, US dollars per token. */
const USD_PER_TOKEN = { input: 0.75e-6, output: 4.5e-6 };

/** Two bytes a token is more than any common language needs; 64 tokens stand for the wrapping of a request. */
function highestUsd(request: NodeRequest): number {
  const bytes = textBytes(request, 'prompt') + textBytes(request, 'system', 0);
  const outputTokens = optionalNumber(request, 'maxTokens') ?? 2_048;
  return (64 + bytes / 2) * USD_PER_TOKEN.input + outputTokens * USD_PER_TOKEN.output;
}

const openaiPrice: Price = {
  usd: highestUsd,
  billedUsd: (request, reply) => {
    const used = openaiUsage(reply, 'prompt_tokens', 'completion_tokens');
    return used ? used.input * USD_PER_TOKEN.input + used.output * USD_PER_TOKEN.output : highestUsd(request);
  },
  text: '$0.75 per million tokens in, $4.50 per million tokens out',
  source: PRICE_SOURCES.litellm,
  readOn: PRICES_READ_ON,
};

const routerPrice: Price = {
  usd: highestUsd,
  billedUsd: (request, reply) => {
    const cost = field(reply.body, 'usage', 'cost');
    return typeof cost === 'number' && cost >= 0 ? cost : highestUsd(request);
  },
  text: 'Charged by tokens of the routed model; reckoned at its list price of $0.75 / $4.50 per million in / out',
  source: `${PRICE_SOURCES.fal} (gives no figure); tokens: ${PRICE_SOURCES.litellm}`,
  readOn: PRICES_READ_ON,
};

export const textNodes: readonly NodeDefinition[] = [
  defineNode({
    type: 'text:llm',
    version: 1,
    label: 'Language model',
    description: 'Answers a prompt with a text.',
    config: nodeConfig({
      prompt: z
        .string()
        .min(1)
        .max(PROMPT_LENGTH_MAX)
        .optional()
        .describe('Used when no edge brings a prompt.'),
      system: z.string().max(PROMPT_LENGTH_MAX).optional().describe('What the model is to be and to obey.'),
      maxTokens: z.number().int().min(16).max(32_000).default(2_048).describe('Longest answer, tokens.'),
      temperature: z
        .number()
        .min(0)
        .max(2)
        .optional()
        .describe(
          '0 to 2. gpt-5.4-mini at OpenAI takes none: a node that sets it is served by the next candidate.',
        ),
    }),
    inputs: {
      prompt: { type: 'text', required: true, orConfig: true, description: 'What is asked.' },
      system: { type: 'text', orConfig: true, description: 'What the model is to be and to obey.' },
    },
    outputs: { text: { type: 'text', description: 'The answer.' } },
    implementation: {
      kind: 'provider',
      candidates: [
        openaiModel({
          model: 'gpt-5.4-mini',
          operation: 'chat',
          price: openaiPrice,
          toInput: (request) => {
            refuseIfSet(request, ['temperature'], 'gpt-5.4-mini at OpenAI');
            const system = optionalText(request, 'system');
            const prompt = requiredText(request, 'prompt', PROMPT_LENGTH_MAX);
            return definedOnly({
              messages: [
                ...(system ? [{ role: 'system', content: system }] : []),
                { role: 'user', content: prompt },
              ],
              max_completion_tokens: optionalNumber(request, 'maxTokens'),
            });
          },
          toOutputs: openaiChatText,
        }),
        falModel({
          model: 'openrouter/router',
          price: routerPrice,
          toInput: (request) =>
            definedOnly({
              model: 'openai/gpt-5.4-mini',
              prompt: requiredText(request, 'prompt', PROMPT_LENGTH_MAX),
              system_prompt: optionalText(request, 'system') || undefined,
              max_tokens: optionalNumber(request, 'maxTokens'),
              temperature: optionalNumber(request, 'temperature'),
            }),
          toOutputs: (reply) => {
            const output = field(reply.body, 'output');
            if (typeof output === 'string' && output !== '')
              return { text: { kind: 'value', value: output } };
            throw new UnexpectedReplyError('The answer of the language model at fal holds no text.');
          },
        }),
      ],
    },
    expectedSeconds: 5,
  }),
];
