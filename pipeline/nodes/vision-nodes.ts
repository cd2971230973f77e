import { z } from 'zod';
import type { NodeDefinition, NodeRequest } from '../node-definition';
import { requiredImages } from './language/ask';
import {
  asAnyJson,
  asJson,
  asPlainText,
  languageNode,
  within,
  type LanguageTask,
} from './language/language-node';
import { VISION_MODELS } from './language/models';
import { countField, imagePort, language, textField, textPort, wantedFields } from './language/task-parts';
import { fieldsSchema } from './language/user-schema';
import { optionalNumber, optionalText, requiredText } from './request';

const image: NodeDefinition['inputs'] = { image: imagePort };

/** Looks at the connected picture with one instruction. */
function lookAt(request: NodeRequest, prompt: string): ReturnType<LanguageTask['ask']> {
  return { prompt, images: requiredImages(request, 'image') };
}

type VisionTask = Omit<LanguageTask, 'models'>;

const tasks: readonly VisionTask[] = [
  {
    type: 'vision:caption',
    label: 'Caption a picture',
    description: 'Describes a picture: in a line, as alternative text, or in detail.',
    config: {
      form: z.enum(['line', 'alt_text', 'detailed']).default('line'),
      language: language('English'),
    },
    inputs: image,
    outputs: { text: { type: 'text', description: 'The description.' } },
    ask: (request) => {
      const forms = {
        line: 'one sentence',
        alt_text: 'an alternative text for people who cannot see it, of at most 125 characters',
        detailed: 'a detailed paragraph',
      };
      const form = forms[(optionalText(request, 'form') ?? 'line') as keyof typeof forms];
      return lookAt(
        request,
        `Describe this picture as ${form}. Language: ${optionalText(request, 'language') ?? 'English'}. Answer with the description alone.`,
      );
    },
    answer: asPlainText(),
  },
  {
    type: 'vision:question',
    label: 'Ask about a picture',
    description: 'Answers a question about a picture.',
    config: { question: textField('a question') },
    inputs: { ...image, question: textPort('What is asked about the picture.') },
    outputs: { text: { type: 'text', description: 'The answer.' } },
    ask: (request) => lookAt(request, requiredText(request, 'question', 20_000)),
    answer: asPlainText(),
  },
  {
    type: 'vision:ocr',
    label: 'Read text in a picture',
    description: 'Reads printed and written text out of a picture, as it stands.',
    config: {},
    inputs: image,
    outputs: {
      text: { type: 'text', description: 'The text with its line breaks; empty where there is none.' },
      language: { type: 'text', description: 'ISO 639-1 code of its language.' },
    },
    ask: (request) =>
      lookAt(
        request,
        'Read all text in this picture exactly as it stands, line by line. Empty if there is none.',
      ),
    answer: asJson(
      {
        reading: z.string().describe('the text as it stands'),
        language: z.string().describe('ISO 639-1 code'),
      },
      (answer) => ({ text: answer.reading, language: answer.language }),
    ),
    maxTokens: 4_096,
  },
  {
    type: 'vision:tags',
    label: 'Tag a picture',
    description: 'Lists what is to be seen in a picture, most striking first.',
    config: { count: countField(10, 50, 'tags') },
    inputs: image,
    outputs: { tags: { type: 'json', description: 'List of texts.' } },
    ask: (request) =>
      lookAt(
        request,
        `List the ${optionalNumber(request, 'count') ?? 10} things or qualities that stand out here.`,
      ),
    answer: asJson({ tags: z.array(z.string()) }, ({ tags }) => ({ tags })),
  },
  {
    type: 'vision:extract',
    label: 'Extract from a picture',
    description: 'Finds named facts in a picture, such as the total of a receipt.',
    config: { fields: wantedFields.describe('What to find: name, type, and words that explain it.') },
    inputs: image,
    outputs: { json: { type: 'json', description: 'One value per field; null where it cannot be seen.' } },
    ask: (request) => ({
      ...lookAt(request, 'Extract the asked fields from this picture. Use null for what it does not show.'),
      schema: fieldsSchema(request, 'fields'),
    }),
    answer: asAnyJson(),
  },
  {
    type: 'vision:compare',
    label: 'Compare pictures',
    description: 'Tells how alike two or more pictures are, and what differs.',
    config: {
      focus: z.string().min(2).max(500).optional().describe('What to look at, such as faces or logos.'),
    },
    inputs: {
      images: { type: 'image', required: true, many: true, description: 'Two to eight pictures, in order.' },
    },
    outputs: {
      similarity: { type: 'number', description: '0 for nothing in common to 1 for the same.' },
      text: { type: 'text', description: 'What differs.' },
    },
    ask: (request) => {
      const focus = optionalText(request, 'focus');
      const on = focus === undefined ? '' : ` Look at: ${focus}.`;
      return {
        prompt: `Compare these pictures: how alike they are, and what differs.${on}`,
        images: requiredImages(request, 'images').slice(0, 8),
      };
    },
    answer: asJson(
      { similarity: z.number().describe('from 0 to 1'), differences: z.string() },
      ({ similarity, differences }) => ({ similarity: within(similarity, 0, 1), text: differences }),
    ),
  },
  {
    type: 'vision:image_prompt',
    label: 'Prompt from a picture',
    description: 'Writes the prompt that would give a picture like this one.',
    config: { keep: z.enum(['everything', 'style', 'subject', 'composition']).default('everything') },
    inputs: image,
    outputs: { prompt: { type: 'text', description: 'The prompt.' } },
    ask: (request) =>
      lookAt(
        request,
        `Write the image prompt that would give a picture like this one. Keep: ${optionalText(request, 'keep') ?? 'everything'}. Answer with the prompt alone.`,
      ),
    answer: asPlainText('prompt'),
  },
  {
    type: 'vision:locate',
    label: 'Locate objects',
    description: 'Finds things in a picture and says where they are.',
    config: {
      objects: z.array(z.string().min(1).max(60)).min(1).max(20).describe('What to look for.'),
    },
    inputs: image,
    outputs: {
      found: {
        type: 'json',
        description: 'List of {object, left, top, right, bottom}, in shares of the picture from 0 to 1.',
      },
      count: { type: 'number', description: 'How many were found.' },
    },
    ask: (request) => {
      const { objects } = request.config;
      const wanted = Array.isArray(objects) ? objects.join(', ') : 'everything';
      return lookAt(
        request,
        `Find in this picture: ${wanted}. Give the box of each one, in shares of width and height from 0 to 1.`,
      );
    },
    answer: asJson(
      {
        objects: z.array(
          z.strictObject({
            object: z.string(),
            left: z.number().describe('from 0 to 1'),
            top: z.number().describe('from 0 to 1'),
            right: z.number().describe('from 0 to 1'),
            bottom: z.number().describe('from 0 to 1'),
          }),
        ),
      },
      ({ objects }) => ({ found: objects, count: objects.length }),
    ),
    maxTokens: 4_096,
  },
];

export const visionNodes: readonly NodeDefinition[] = tasks.map((task) =>
  languageNode({ ...task, models: VISION_MODELS, expectedSeconds: 6 }),
);
