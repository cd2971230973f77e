import { z } from 'zod';
import type { JsonObject } from '../../workflows/contract';
import type { NodeDefinition, NodeRequest } from '../node-definition';
import {
  asAnyJson,
  asJson,
  asPlainText,
  languageNode,
  within,
  type LanguageTask,
} from './language/language-node';
import {
  countField,
  language,
  maxTokens,
  TEXT_LENGTH_MAX,
  textField,
  textPort,
  wantedFields,
} from './language/task-parts';
import { fieldsSchema, jsonOf } from './language/user-schema';
import { optionalNumber, optionalText, requiredText } from './request';

/** The text that a task is about comes after a colon and a line, so that it cannot be taken for the instruction. */
function about(request: NodeRequest, instruction: string, name = 'text'): { system: string; prompt: string } {
  return { system: instruction, prompt: requiredText(request, name, TEXT_LENGTH_MAX) };
}

const says = (request: NodeRequest, name: string, usual = ''): string => optionalText(request, name) ?? usual;
const counts = (request: NodeRequest, name: string, usual: number): number =>
  optionalNumber(request, name) ?? usual;
const lists = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : '');

const text = { text: textField('a text') };
const textIn = (description: string): NodeDefinition['inputs'] => ({ text: textPort(description) });
const textOut = (description: string): NodeDefinition['outputs'] => ({ text: { type: 'text', description } });
const confidence = { type: 'number', description: 'How sure the model is, 0 to 1.' } as const;
const sure = z.number().describe('from 0 to 1');

const tasks: readonly LanguageTask[] = [
  {
    type: 'text:structured',
    label: 'Structured answer',
    description: 'Answers a prompt with JSON that fits your JSON Schema.',
    config: {
      prompt: textField('a prompt'),
      schema: z
        .record(z.string(), z.json())
        .describe('JSON Schema of an object; every field counts as required.'),
      maxTokens: maxTokens(4_096),
    },
    inputs: { prompt: textPort('What is asked.') },
    outputs: { json: { type: 'json', description: 'The answer, in the form of the schema.' } },
    ask: (request) => ({
      prompt: requiredText(request, 'prompt', TEXT_LENGTH_MAX),
      schema: jsonOf(request, 'schema'),
    }),
    answer: asAnyJson(),
  },
  {
    type: 'text:extract',
    label: 'Extract fields',
    description: 'Finds named facts in a text.',
    config: {
      ...text,
      fields: wantedFields.describe('What to find: name, type, and words that explain it.'),
    },
    inputs: textIn('Where the facts are.'),
    outputs: {
      json: { type: 'json', description: 'One value per field; null where the text does not say.' },
    },
    ask: (request) => ({
      ...about(request, 'Extract the asked fields from the text. Use null for what it does not say.'),
      schema: fieldsSchema(request, 'fields'),
    }),
    answer: asAnyJson(),
  },
  {
    type: 'text:summarize',
    label: 'Summarise',
    description: 'Says in a few sentences or points what a text says.',
    config: {
      ...text,
      sentences: countField(3, 30, 'sentences or points'),
      form: z.enum(['paragraph', 'bullets']).default('paragraph'),
    },
    inputs: textIn('What is summarised.'),
    outputs: textOut('The summary.'),
    ask: (request) => {
      const form = says(request, 'form') === 'bullets' ? 'bullet points' : 'sentences';
      const count = counts(request, 'sentences', 3);
      return about(request, `Summarise the text in its own language in at most ${count} ${form}.`);
    },
    answer: asPlainText(),
  },
  {
    type: 'text:rewrite',
    label: 'Rewrite',
    description: 'Says the same in another tone or style.',
    config: {
      ...text,
      style: z.string().min(2).max(500).default('clear and friendly').describe('How it is to sound.'),
    },
    inputs: textIn('What is rewritten.'),
    outputs: textOut('The rewritten text.'),
    ask: (request) =>
      about(
        request,
        `Rewrite the text. Keep its meaning and language; the style: ${says(request, 'style')}. Answer with the text alone.`,
      ),
    answer: asPlainText(),
  },
  {
    type: 'text:shorten',
    label: 'Shorten',
    description: 'Brings a text below a number of characters without cutting it off.',
    config: {
      ...text,
      lengthMax: z.number().int().min(20).max(10_000).describe('Longest result, characters.'),
    },
    inputs: textIn('What is shortened.'),
    outputs: {
      ...textOut('The short text.'),
      length: { type: 'number', description: 'Its length, characters.' },
    },
    ask: (request) =>
      about(
        request,
        `Shorten the text to at most ${counts(request, 'lengthMax', 280)} characters, in its own language.`,
      ),
    answer: asJson({ short: z.string().describe('the short text') }, ({ short }) => ({
      text: short,
      length: [...short].length,
    })),
  },
  {
    type: 'text:classify',
    label: 'Classify',
    description: 'Puts a text under one of your labels.',
    config: { ...text, labels: z.array(z.string().min(1).max(60)).min(2).max(50).describe('The choices.') },
    inputs: textIn('What is classified.'),
    outputs: {
      label: { type: 'text', description: 'One of the labels.' },
      confidence,
    },
    ask: (request) => ({
      ...about(request, `Classify the text as one of: ${lists(request.config['labels'])}.`),
      schema: labelSchema(request),
    }),
    answer: asJson({ label: z.string(), confidence: sure }, (answer) => ({
      label: answer.label,
      confidence: within(answer.confidence, 0, 1),
    })),
  },
  {
    type: 'text:sentiment',
    label: 'Sentiment',
    description: 'Tells whether a text is positive, neutral or negative.',
    config: text,
    inputs: textIn('What is judged.'),
    outputs: {
      sentiment: { type: 'text', description: 'positive, neutral or negative.' },
      score: { type: 'number', description: '-1 for negative to 1 for positive.' },
    },
    ask: (request) => about(request, 'Tell the sentiment of the text.'),
    answer: asJson(
      { sentiment: z.enum(['positive', 'neutral', 'negative']), score: z.number().describe('from -1 to 1') },
      ({ sentiment, score }) => ({ sentiment, score: within(score, -1, 1) }),
    ),
  },
  {
    type: 'text:title',
    label: 'Title',
    description: 'Finds titles for a text; the first one is the best.',
    config: { ...text, count: countField(5, 20, 'titles') },
    inputs: textIn('What needs a title.'),
    outputs: {
      title: { type: 'text', description: 'The best title.' },
      titles: { type: 'json', description: 'All of them, best first.' },
    },
    ask: (request) =>
      about(request, `Find ${counts(request, 'count', 5)} titles for the text in its language, best first.`),
    answer: asJson({ titles: z.array(z.string()) }, ({ titles }) => ({ title: titles[0] ?? '', titles })),
  },
  {
    type: 'text:keywords',
    label: 'Keywords',
    description: 'Lists the words that a text is about, weightiest first.',
    config: { ...text, count: countField(8, 50, 'keywords') },
    inputs: textIn('Where the keywords are found.'),
    outputs: { keywords: { type: 'json', description: 'List of texts.' } },
    ask: (request) =>
      about(request, `List the ${counts(request, 'count', 8)} keywords that tell most about the text.`),
    answer: asJson({ keywords: z.array(z.string()) }, ({ keywords }) => ({ keywords })),
  },
  {
    type: 'text:entities',
    label: 'Named entities',
    description: 'Finds people, places, organisations and the like in a text.',
    config: {
      ...text,
      kinds: z
        .array(z.string().min(2).max(40))
        .min(1)
        .max(20)
        .default(['person', 'place', 'organisation', 'product', 'date'])
        .describe('What to look for.'),
    },
    inputs: textIn('Where they are found.'),
    outputs: { entities: { type: 'json', description: 'List of {name, kind}.' } },
    ask: (request) =>
      about(request, `Find the named entities of these kinds: ${lists(request.config['kinds'])}.`),
    answer: asJson(
      { entities: z.array(z.strictObject({ name: z.string(), kind: z.string() })) },
      ({ entities }) => ({ entities }),
    ),
  },
  {
    type: 'text:detect_language',
    label: 'Detect language',
    description: 'Tells the language that a text is written in.',
    config: text,
    inputs: textIn('Whose language is told.'),
    outputs: {
      language: { type: 'text', description: 'ISO 639-1 code, such as de.' },
      confidence,
    },
    ask: (request) => about(request, 'Tell the language of the text as its ISO 639-1 code.'),
    answer: asJson({ language: z.string(), confidence: sure }, (answer) => ({
      language: answer.language.toLowerCase(),
      confidence: within(answer.confidence, 0, 1),
    })),
    maxTokens: 512,
  },
  {
    type: 'text:proofread',
    label: 'Proofread',
    description: 'Corrects spelling, grammar and punctuation, and lists what it changed.',
    config: text,
    inputs: textIn('What is corrected.'),
    outputs: {
      ...textOut('The corrected text.'),
      changes: { type: 'json', description: 'List of {before, after, reason}.' },
    },
    ask: (request) => about(request, 'Correct spelling, grammar and punctuation. Change nothing else.'),
    answer: asJson(
      {
        corrected: z.string(),
        changes: z.array(z.strictObject({ before: z.string(), after: z.string(), reason: z.string() })),
      },
      ({ corrected, changes }) => ({ text: corrected, changes }),
    ),
    maxTokens: 8_192,
  },
  {
    type: 'text:answer',
    label: 'Answer from a source',
    description: 'Answers a question from a given text alone, and says when the text does not tell.',
    config: { question: textField('a question'), source: textField('a source') },
    inputs: { question: textPort('What is asked.'), source: textPort('Where the answer stands.') },
    outputs: {
      ...textOut('The answer.'),
      found: { type: 'boolean', description: 'Whether the source tells it.' },
    },
    ask: (request) => ({
      system: `Answer from this source alone; say so when it does not tell.\n\n${requiredText(request, 'source', TEXT_LENGTH_MAX)}`,
      prompt: requiredText(request, 'question', TEXT_LENGTH_MAX),
    }),
    answer: asJson({ answer: z.string(), found: z.boolean() }, ({ answer, found }) => ({
      text: answer,
      found,
    })),
  },
  {
    type: 'text:image_prompt',
    label: 'Image prompt',
    description: 'Makes a detailed prompt for a picture, and a negative one, from an idea.',
    config: {
      idea: textField('an idea'),
      style: z.string().min(2).max(300).default('photorealistic').describe('The look of the picture.'),
    },
    inputs: { idea: textPort('What the picture is to show, in a few words.') },
    outputs: {
      prompt: { type: 'text', description: 'The prompt.' },
      negativePrompt: { type: 'text', description: 'What the picture is not to show.' },
    },
    ask: (request) =>
      about(
        request,
        `Write an image prompt for the idea: subject, composition, light, colours, lens. The style: ${says(request, 'style')}.`,
        'idea',
      ),
    answer: asJson(
      { prompt: z.string(), negativePrompt: z.string().describe('what is not to be seen') },
      ({ prompt, negativePrompt }) => ({ prompt, negativePrompt }),
    ),
  },
  {
    type: 'text:video_prompt',
    label: 'Video prompt',
    description: 'Makes a prompt for a clip from an idea: what moves, how, and what the camera does.',
    config: {
      idea: textField('an idea'),
      seconds: z.number().min(1).max(60).default(5).describe('Length of the clip.'),
      camera: z
        .enum(['still', 'slow push in', 'orbit', 'handheld', 'crane'])
        .default('slow push in')
        .describe('What the camera does.'),
    },
    inputs: { idea: textPort('What happens in the clip.') },
    outputs: { prompt: { type: 'text', description: 'The prompt.' } },
    ask: (request) =>
      about(
        request,
        `Write one video prompt for a clip of ${counts(request, 'seconds', 5)} seconds. Camera: ${says(request, 'camera')}. Answer with the prompt alone.`,
        'idea',
      ),
    answer: asPlainText('prompt'),
  },
  {
    type: 'text:storyboard',
    label: 'Storyboard',
    description: 'Divides a story into shots, each with a picture prompt and words to be spoken.',
    config: { story: textField('a story'), shots: countField(6, 40, 'shots') },
    inputs: { story: textPort('The story, or what the film is about.') },
    outputs: {
      shots: { type: 'json', description: 'List of {prompt, narration, seconds}: one element per shot.' },
    },
    ask: (request) =>
      about(
        request,
        `Divide the story into ${counts(request, 'shots', 6)} shots of a film. For each: a picture prompt that stands alone, what the narrator says, and its length in seconds.`,
        'story',
      ),
    answer: asJson(
      {
        shots: z.array(
          z.strictObject({
            prompt: z.string(),
            narration: z.string(),
            seconds: z.number().describe('from 2 to 15'),
          }),
        ),
      },
      ({ shots }) => ({ shots }),
    ),
    maxTokens: 8_192,
    expectedSeconds: 15,
  },
  {
    type: 'text:voice_script',
    label: 'Voice-over script',
    description: 'Writes what a narrator says about a topic in a given time.',
    config: {
      topic: textField('a topic'),
      seconds: z.number().int().min(5).max(600).default(30).describe('Speaking time.'),
      language: language('English'),
    },
    inputs: { topic: textPort('What it is about.') },
    outputs: {
      ...textOut('What is spoken.'),
      seconds: { type: 'number', description: 'Speaking time, at 150 words a minute.' },
    },
    ask: (request) => {
      const words = Math.round((counts(request, 'seconds', 30) * 150) / 60);
      const system = `Write a voice-over script in ${says(request, 'language', 'English')} of about ${words} words. No stage directions, no headings.`;
      return about(request, system, 'topic');
    },
    answer: {
      read: (answer) => {
        const words = answer.match(/[\p{L}\p{N}'’-]+/gu)?.length ?? 0;
        return { text: answer.trim(), seconds: Math.round((words * 600) / 150) / 10 };
      },
    },
  },
  {
    type: 'text:dialogue',
    label: 'Dialogue',
    description: 'Writes a conversation of named speakers, line by line, for a dialogue of voices.',
    config: {
      topic: textField('a topic'),
      speakers: z.array(z.string().min(1).max(40)).min(2).max(6).default(['Anna', 'Ben']),
      lines: countField(8, 60, 'lines'),
    },
    inputs: { topic: textPort('What they talk about.') },
    outputs: {
      lines: { type: 'json', description: 'List of {speaker, text}.' },
      text: { type: 'text', description: 'The same as one text, a line each: `Anna: …`.' },
    },
    ask: (request) =>
      about(
        request,
        `Write a conversation of ${counts(request, 'lines', 8)} lines between ${lists(request.config['speakers'])}.`,
        'topic',
      ),
    answer: asJson(
      { lines: z.array(z.strictObject({ speaker: z.string(), text: z.string() })) },
      ({ lines }) => ({
        lines,
        text: lines.map((line) => `${line.speaker}: ${line.text}`).join('\n'),
      }),
    ),
    maxTokens: 4_096,
  },
  {
    type: 'text:social_post',
    label: 'Social post',
    description: 'Writes a post for a network, within its length, with hashtags.',
    config: {
      topic: textField('a topic'),
      network: z.enum(['instagram', 'linkedin', 'x', 'tiktok', 'youtube']).default('instagram'),
      hashtags: countField(5, 30, 'hashtags'),
    },
    inputs: { topic: textPort('What is posted about.') },
    outputs: {
      ...textOut('The post, without hashtags.'),
      hashtags: { type: 'json', description: 'List of texts, each with its #.' },
    },
    ask: (request) =>
      about(
        request,
        `Write a post for ${says(request, 'network')} with ${counts(request, 'hashtags', 5)} hashtags, within the network's usual length.`,
        'topic',
      ),
    answer: asJson({ post: z.string(), hashtags: z.array(z.string()) }, ({ post, hashtags }) => ({
      text: post,
      hashtags: hashtags.map((tag) => `#${tag.replace(/^#+|\s+/g, '')}`),
    })),
  },
  {
    type: 'text:redact',
    label: 'Redact personal data',
    description: 'Replaces names, addresses, numbers and the like by placeholders.',
    config: {
      ...text,
      kinds: z
        .array(z.string().min(2).max(40))
        .min(1)
        .max(20)
        .default(['person', 'address', 'phone', 'email', 'account number'])
        .describe('What is replaced.'),
    },
    inputs: textIn('What is redacted.'),
    outputs: {
      ...textOut('The text with placeholders such as [PERSON].'),
      count: { type: 'number', description: 'How many places were replaced.' },
    },
    ask: (request) =>
      about(
        request,
        `Replace personal data of these kinds by placeholders such as [PERSON]: ${lists(request.config['kinds'])}. Change nothing else.`,
      ),
    answer: asJson({ redacted: z.string(), count: z.number() }, ({ redacted, count }) => ({
      text: redacted,
      count: Math.max(0, Math.round(count)),
    })),
    maxTokens: 8_192,
  },
];

/** The choices stand in the schema, so that no other word can come. */
function labelSchema({ config }: NodeRequest): JsonObject {
  const labels = Array.isArray(config['labels']) ? config['labels'] : [];
  return {
    type: 'object',
    additionalProperties: false,
    required: ['label', 'confidence'],
    properties: {
      label: { type: 'string', enum: labels },
      confidence: { type: 'number', description: 'from 0 to 1' },
    },
  };
}

export const textTaskNodes: readonly NodeDefinition[] = tasks.map(languageNode);
