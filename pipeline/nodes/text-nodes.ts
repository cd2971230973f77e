import { z } from 'zod';
import type { NodeDefinition, NodeRequest } from '../node-definition';
import { EFFORTS, type Effort } from './language/ask';
import { asPlainText, languageNode, type LanguageTask } from './language/language-node';
import { LANGUAGE_MODELS as MODELS, TEXT_MODELS, type LanguageModel } from './language/models';
import { maxTokens, TEXT_LENGTH_MAX, textField, textPort } from './language/task-parts';
import { optionalAsset, optionalNumber, optionalText, requiredText } from './request';

const inputs: NodeDefinition['inputs'] = {
  prompt: textPort('What is asked.'),
  system: { type: 'text', orConfig: true, description: 'What the model is to be and to obey.' },
};
const outputs: NodeDefinition['outputs'] = { text: { type: 'text', description: 'The answer.' } };

const config = {
  prompt: textField('a prompt'),
  system: z.string().max(TEXT_LENGTH_MAX).optional().describe('What the model is to be and to obey.'),
  maxTokens: maxTokens(2_048),
};

function asked(request: NodeRequest): ReturnType<LanguageTask['ask']> {
  const effort = optionalText(request, 'effort') as Effort | undefined;
  const temperature = optionalNumber(request, 'temperature');
  const image = optionalAsset(request, 'image');
  return {
    prompt: requiredText(request, 'prompt', TEXT_LENGTH_MAX),
    system: optionalText(request, 'system'),
    ...(effort === undefined ? {} : { effort }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(image === undefined ? {} : { images: [image] }),
  };
}

const anyModel = languageNode({
  type: 'text:llm',
  label: 'Language model',
  description: 'Answers a prompt with a text.',
  config: {
    ...config,
    temperature: z
      .number()
      .min(0)
      .max(2)
      .optional()
      .describe('0 to 2. Newer models take none: a node that sets it is served by fal’s router alone.'),
  },
  inputs,
  outputs,
  ask: asked,
  answer: asPlainText(),
  models: TEXT_MODELS,
});

interface Named {
  readonly type: string;
  readonly label: string;
  readonly description: string;
  /** The model itself first, then the same elsewhere or what other vendors put beside it at about its price. */
  readonly models: readonly LanguageModel[];
  readonly expectedSeconds: number;
}

const named: readonly Named[] = [
  {
    type: 'text:gpt_6_astra',
    label: 'GPT-6 Astra',
    description: 'OpenAI’s largest model, for the hardest questions.',
    models: [MODELS.gpt6Astra, MODELS.claudeFable],
    expectedSeconds: 40,
  },
  {
    type: 'text:gpt_6_1_sol',
    label: 'GPT-6.1 Sol',
    description: 'OpenAI’s model for demanding work.',
    models: [MODELS.gpt61Sol, MODELS.claudeSonnet, MODELS.gemini4Argon],
    expectedSeconds: 20,
  },
  {
    type: 'text:gpt_6_1_terra',
    label: 'GPT-6.1 Terra',
    description: 'OpenAI’s model for everyday work.',
    models: [MODELS.gpt61Terra, MODELS.gemini38Flash],
    expectedSeconds: 10,
  },
  {
    type: 'text:gpt_6_luna',
    label: 'GPT-6 Luna',
    description: 'OpenAI’s cheapest model, for many short answers.',
    models: [MODELS.gpt6Luna, MODELS.claudeHaiku],
    expectedSeconds: 4,
  },
  {
    type: 'text:gpt_5_6',
    label: 'GPT-5.6',
    description: 'OpenAI’s large model of the fifth family.',
    models: [MODELS.gpt56, MODELS.claudeOpus],
    expectedSeconds: 20,
  },
  {
    type: 'text:claude_fable',
    label: 'Claude Fable 5.1',
    description: 'Anthropic’s largest model, for long and hard tasks.',
    models: [MODELS.claudeFable, MODELS.gpt6Astra],
    expectedSeconds: 40,
  },
  {
    type: 'text:claude_opus',
    label: 'Claude Opus 5.5',
    description: 'Anthropic’s strong writer and thinker.',
    models: [MODELS.claudeOpus, MODELS.gpt56],
    expectedSeconds: 25,
  },
  {
    type: 'text:claude_sonnet',
    label: 'Claude Sonnet 5.5',
    description: 'Anthropic’s model for demanding work at speed.',
    models: [MODELS.claudeSonnet, MODELS.gpt61Sol, MODELS.gemini4Argon],
    expectedSeconds: 15,
  },
  {
    type: 'text:claude_haiku',
    label: 'Claude Haiku 5.5',
    description: 'Anthropic’s quickest and cheapest model.',
    models: [MODELS.claudeHaiku, MODELS.gpt6Luna],
    expectedSeconds: 4,
  },
  {
    type: 'text:claude_haiku_4_5',
    label: 'Claude Haiku 4.5',
    description: 'The same older model of Anthropic at two providers.',
    models: [MODELS.claudeHaiku45, MODELS.claudeHaiku45AtReplicate],
    expectedSeconds: 6,
  },
  {
    type: 'text:gemini_4_argon',
    label: 'Gemini 4 Argon',
    description: 'Google’s model for demanding work on long texts.',
    models: [MODELS.gemini4Argon, MODELS.gpt61Sol, MODELS.claudeSonnet],
    expectedSeconds: 20,
  },
  {
    type: 'text:gemini_3_8_flash',
    label: 'Gemini 3.8 Flash',
    description: 'Google’s quick model for everyday work.',
    models: [MODELS.gemini38Flash, MODELS.gpt61Terra],
    expectedSeconds: 8,
  },
  {
    type: 'text:gemini_3_5_flash',
    label: 'Gemini 3.5 Flash',
    description: 'Google’s quick model of the 3.5 family.',
    models: [MODELS.gemini35Flash, MODELS.gpt61Sol],
    expectedSeconds: 8,
  },
  {
    type: 'text:gemini_3_5_flash_lite',
    label: 'Gemini 3.5 Flash-Lite',
    description: 'Google’s cheapest model, for many short answers.',
    models: [MODELS.gemini35FlashLite, MODELS.gpt54Mini, MODELS.claudeHaiku],
    expectedSeconds: 4,
  },
];

const withImage: NodeDefinition['inputs'] = {
  ...inputs,
  image: { type: 'image', description: 'A picture that the question is about.' },
};

function namedNode(row: Named): NodeDefinition {
  return languageNode({
    ...row,
    config: {
      ...config,
      effort: z
        .enum(EFFORTS)
        .optional()
        .describe('How hard the model thinks before it answers; as the model likes unless given.'),
    },
    inputs: withImage,
    outputs,
    ask: asked,
    answer: asPlainText(),
  });
}

export const textNodes: readonly NodeDefinition[] = [anyModel, ...named.map(namedNode)];
