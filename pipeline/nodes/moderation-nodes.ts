import { z } from 'zod';
import {
  defineNode,
  MediaInput,
  UnexpectedReplyError,
  type CandidateDefinition,
  type NodeDefinition,
  type OutputItem,
  type Price,
  type ProviderReply,
  type WireValue,
  type NodeRequest,
} from '../node-definition';
import { isJsonObject } from '../pure/values';
import { requiredImages } from './language/ask';
import { asJson, languageCandidate, within, type LanguageTask } from './language/language-node';
import { LANGUAGE_MODELS as MODELS } from './language/models';
import { imagePort, textField, textPort } from './language/task-parts';
import { nodeConfig } from './node-config';
import { PRICE_SOURCES, PRICES_READ_ON } from './price-sources';
import { field, requiredText } from './request';
import { openaiModerations } from './wire/openai';

const outputs: NodeDefinition['outputs'] = {
  flagged: { type: 'boolean', description: 'Whether it should not be shown.' },
  categories: { type: 'json', description: 'List of the categories that it falls under.' },
  score: { type: 'number', description: 'How clear the gravest one is, 0 to 1.' },
};

const free: Price = {
  usd: () => 0,
  text: '$0: free of charge',
  source: PRICE_SOURCES.litellm,
  readOn: PRICES_READ_ON,
};

/** omni-moderation: a category counts when its own flag is set; the score is the highest of all. */
function fromOpenai({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const [flagged, categories, scores] = ['flagged', 'categories', 'category_scores'].map((name) =>
    field(body, 'results', 0, name),
  );
  if (typeof flagged !== 'boolean' || !isJsonObject(categories) || !isJsonObject(scores))
    throw new UnexpectedReplyError('The answer of OpenAI holds no moderation result.');
  const hit = Object.entries(categories).flatMap(([name, isHit]) => (isHit === true ? [name] : []));
  const given = Object.values(scores).filter((score) => typeof score === 'number');
  return {
    flagged: { kind: 'value', value: flagged },
    categories: { kind: 'value', value: hit },
    score: { kind: 'value', value: Math.max(0, ...given) },
  };
}

function atOpenai(toInput: (request: NodeRequest) => WireValue): CandidateDefinition {
  const { provider, operation, execution } = openaiModerations;
  return {
    provider,
    operation,
    execution,
    model: 'omni-moderation-latest',
    price: free,
    toInput: (request) => ({ input: toInput(request) }),
    toOutputs: fromOpenai,
  };
}

const answer = asJson(
  {
    flagged: z.boolean(),
    categories: z.array(z.string()).describe('of those named, that it falls under'),
    severity: z.number().describe('from 0 to 1'),
  },
  ({ flagged, categories, severity }) => ({
    flagged,
    categories,
    score: within(severity, 0, 1),
  }),
);

const RULES =
  'You moderate content. Flag harassment, hate, sexual content, self-harm, violence and help with crimes. Judge only; repeat nothing.';

interface Moderation extends Omit<LanguageTask, 'answer' | 'config' | 'outputs'> {
  readonly config: LanguageTask['config'];
  readonly wire: (request: NodeRequest) => WireValue;
}

const tasks: readonly Moderation[] = [
  {
    type: 'moderation:text',
    label: 'Moderate a text',
    description: 'Tells whether a text should not be published, and why.',
    config: { text: textField('a text') },
    inputs: { text: textPort('What is checked.') },
    ask: (request) => ({ system: RULES, prompt: requiredText(request, 'text', 100_000) }),
    wire: (request) => requiredText(request, 'text', 100_000),
    models: [MODELS.claudeHaiku, MODELS.gemini35FlashLite],
  },
  {
    type: 'moderation:image',
    label: 'Moderate a picture',
    description: 'Tells whether a picture should not be published, and why.',
    config: {},
    inputs: { image: imagePort },
    ask: (request) => ({
      system: RULES,
      prompt: 'Moderate this picture.',
      images: requiredImages(request, 'image'),
    }),
    wire: (request) =>
      requiredImages(request, 'image').map((image) => ({
        type: 'image_url',
        image_url: { url: new MediaInput(image, 'url') },
      })),
    models: [MODELS.gemini35FlashLite, MODELS.claudeHaiku],
  },
];

/** OpenAI's own classifier first, since it is free and made for it; language models when it cannot be had. */
export const moderationNodes: readonly NodeDefinition[] = tasks.map(({ wire, models = [], ...rest }) => {
  const task: LanguageTask = { ...rest, outputs, answer };
  return defineNode({
    type: task.type,
    version: 1,
    label: task.label,
    description: task.description,
    config: nodeConfig(task.config),
    inputs: task.inputs,
    outputs,
    implementation: {
      kind: 'provider',
      candidates: [atOpenai(wire), ...models.map((model) => languageCandidate(task, model))],
    },
    expectedSeconds: 2,
  });
});
