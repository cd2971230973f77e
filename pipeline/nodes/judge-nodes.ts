import { z } from 'zod';
import type { NodeDefinition, NodeRequest } from '../node-definition';
import { requiredImages } from './language/ask';
import { asJson, languageNode, within, type Answer } from './language/language-node';
import { VISION_MODELS } from './language/models';
import { imagePort, TEXT_LENGTH_MAX, textField, textPort } from './language/task-parts';
import { optionalText, requiredText } from './request';

const criteria = z
  .string()
  .min(3)
  .max(4_000)
  .default('Overall quality: is it clear, complete, and well made?')
  .describe('What is judged, in plain words; several criteria in one text.');

const judgement: NodeDefinition['outputs'] = {
  score: { type: 'number', description: '0 for useless to 10 for flawless.' },
  reasons: { type: 'json', description: 'List of texts: what speaks for and against.' },
  advice: { type: 'text', description: 'What to change so that the next try scores higher.' },
};

const answer: Answer = asJson(
  {
    reasons: z.array(z.string()).describe('what speaks for and against it, before the score'),
    score: z.number().describe('from 0 to 10'),
    advice: z.string().describe('what to change to score higher'),
  },
  ({ score, reasons, advice }) => ({ score: within(score, 0, 10), reasons, advice }),
);

const STRICT =
  'You are a strict judge. Weigh every criterion, give reasons first, then one score from 0 (useless) to 10 (flawless).';

function judge(request: NodeRequest): string {
  return `${STRICT}\nCriteria: ${optionalText(request, 'criteria') ?? ''}`;
}

/** LLM judges: reasons before the score, in one form that every provider keeps to. */
export const judgeNodes: readonly NodeDefinition[] = [
  languageNode({
    type: 'judge:text',
    label: 'Judge a text',
    description: 'Scores a text against criteria, with reasons and advice for the next try.',
    config: { text: textField('a text'), criteria },
    inputs: { text: textPort('What is judged.') },
    outputs: judgement,
    ask: (request) => ({ system: judge(request), prompt: requiredText(request, 'text', TEXT_LENGTH_MAX) }),
    answer,
    expectedSeconds: 6,
  }),
  languageNode({
    type: 'judge:vision',
    label: 'Judge a picture',
    description:
      'Scores a picture against criteria and its prompt, with reasons and advice for the next try.',
    config: { criteria, prompt: z.string().max(20_000).optional().describe('What the picture was to show.') },
    inputs: {
      image: imagePort,
      prompt: { type: 'text', orConfig: true, description: 'What the picture was to show.' },
    },
    outputs: judgement,
    ask: (request) => {
      const wanted = optionalText(request, 'prompt');
      const about = wanted ? `Judge this picture. It was to show: ${wanted}` : 'Judge this picture.';
      return { system: judge(request), prompt: about, images: requiredImages(request, 'image') };
    },
    answer,
    models: VISION_MODELS,
    expectedSeconds: 8,
  }),
  languageNode({
    type: 'judge:best_picture',
    label: 'Pick the best picture',
    description: 'Compares pictures with one another and names the best.',
    config: { criteria },
    inputs: {
      images: { type: 'image', required: true, many: true, description: 'Two to eight pictures, in order.' },
    },
    outputs: {
      best: { type: 'number', description: 'Place of the best one, from 0.' },
      scores: { type: 'json', description: 'List of numbers, 0 to 10, one per picture.' },
      reason: { type: 'text', description: 'Why this one.' },
    },
    ask: (request) => ({
      system: judge(request),
      prompt: 'Judge these pictures one by one, in their order, and say why the best one is the best.',
      images: requiredImages(request, 'images').slice(0, 8),
    }),
    answer: asJson(
      { scores: z.array(z.number().describe('from 0 to 10')), reason: z.string() },
      ({ scores, reason }) => {
        const kept = scores.map((score) => within(score, 0, 10));
        return { best: Math.max(0, kept.indexOf(Math.max(...kept))), scores: kept, reason };
      },
    ),
    models: VISION_MODELS,
    expectedSeconds: 10,
  }),
];
