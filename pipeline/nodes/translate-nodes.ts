import { z } from 'zod';
import {
  defineNode,
  UnexpectedReplyError,
  type NodeDefinition,
  type ProviderReply,
} from '../node-definition';
import { asJson, languageCandidate, type LanguageTask } from './language/language-node';
import { TEXT_MODELS } from './language/models';
import { textField, textPort } from './language/task-parts';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { definedOnly, field, optionalText, requiredText } from './request';
import { perThousandCharacters } from './table/prices';

/** Codes that DeepL translates into (deepl-node 1.28.0, read 2026-11-26), with the names by which a language model knows them. */
const TARGETS = {
  ...{ AR: 'Arabic', BG: 'Bulgarian', CS: 'Czech', DA: 'Danish', DE: 'German', EL: 'Greek' },
  ...{ 'EN-GB': 'British English', 'EN-US': 'American English', ES: 'Spanish', ET: 'Estonian' },
  ...{ FI: 'Finnish', FR: 'French', HU: 'Hungarian', ID: 'Indonesian', IT: 'Italian', JA: 'Japanese' },
  ...{ KO: 'Korean', LT: 'Lithuanian', LV: 'Latvian', NB: 'Norwegian', NL: 'Dutch', PL: 'Polish' },
  ...{ 'PT-BR': 'Brazilian Portuguese', 'PT-PT': 'European Portuguese', RO: 'Romanian', RU: 'Russian' },
  ...{ SK: 'Slovak', SL: 'Slovenian', SV: 'Swedish', TR: 'Turkish', UK: 'Ukrainian', VI: 'Vietnamese' },
  ...{ 'ZH-HANS': 'simplified Chinese', 'ZH-HANT': 'traditional Chinese' },
} as const;

const codes = Object.keys(TARGETS) as [keyof typeof TARGETS, ...(keyof typeof TARGETS)[]];

/** 128 KiB a request at DeepL; a character may take four bytes. */
const LENGTH_MAX = 30_000;

const FORMALITIES = { formal: 'prefer_more', informal: 'prefer_less' } as const;

const task: LanguageTask = {
  type: 'text:translate',
  label: 'Translate',
  description: 'Translates a text: by DeepL, else by a language model.',
  config: {
    text: textField('a text'),
    target: z.enum(codes).default('EN-US').describe('The language to translate into.'),
    source: z
      .string()
      .regex(/^[A-Za-z]{2}$/)
      .optional()
      .describe('ISO 639-1 code of the text’s language; found out unless given.'),
    formality: z.enum(['formal', 'informal']).optional().describe('How readers are addressed.'),
    context: z.string().max(4_000).optional().describe('What helps to understand the text; not translated.'),
  },
  inputs: { text: textPort('What is translated.') },
  outputs: {
    text: { type: 'text', description: 'The translation.' },
    sourceLanguage: { type: 'text', description: 'ISO 639-1 code of the text’s language, in capitals.' },
  },
  ask: (request) => {
    const target = optionalText(request, 'target') ?? 'EN-US';
    const name = TARGETS[target as keyof typeof TARGETS];
    const formality = optionalText(request, 'formality');
    const context = optionalText(request, 'context');
    return {
      system: [
        `Translate to ${name}. Keep form, line breaks and names.`,
        ...(formality === undefined ? [] : [`Address the reader in the ${formality} way.`]),
        ...(context === undefined ? [] : [`For your understanding alone: ${context}`]),
      ].join(' '),
      prompt: requiredText(request, 'text', LENGTH_MAX),
    };
  },
  answer: asJson(
    { translation: z.string(), language: z.string().describe('ISO 639-1 code of the language of the text') },
    ({ translation, language }) => ({ text: translation, sourceLanguage: language.toUpperCase() }),
  ),
  maxTokens: 16_000,
};

function fromDeepl({ body }: ProviderReply) {
  const text = field(body, 'translations', 0, 'text');
  const language = field(body, 'translations', 0, 'detected_source_language');
  if (typeof text !== 'string' || typeof language !== 'string')
    throw new UnexpectedReplyError('The answer of DeepL holds no translation.');
  return {
    text: { kind: 'value', value: text },
    sourceLanguage: { kind: 'value', value: language },
  } as const;
}

export const translateNodes: readonly NodeDefinition[] = [
  defineNode({
    type: task.type,
    version: 1,
    label: task.label,
    description: task.description,
    config: nodeConfig(task.config),
    inputs: task.inputs,
    outputs: task.outputs,
    implementation: {
      kind: 'provider',
      candidates: [
        {
          provider: 'deepl',
          operation: 'translate',
          execution: 'sync',
          model: 'quality_optimized',
          price: perThousandCharacters(0.025, 'text', readIn('deepl')),
          toInput: (request) => {
            const formality = optionalText(request, 'formality');
            return definedOnly({
              text: [requiredText(request, 'text', LENGTH_MAX)],
              target_lang: optionalText(request, 'target') ?? 'EN-US',
              source_lang: optionalText(request, 'source')?.toUpperCase(),
              formality:
                formality === undefined ? undefined : FORMALITIES[formality as keyof typeof FORMALITIES],
              context: optionalText(request, 'context'),
              preserve_formatting: true,
            });
          },
          toOutputs: fromDeepl,
        },
        ...TEXT_MODELS.map((model) => languageCandidate(task, model)),
      ],
    },
    expectedSeconds: 3,
  }),
];
