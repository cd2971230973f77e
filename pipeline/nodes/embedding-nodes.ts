import { z } from 'zod';
import type { JsonValue, PortValue } from '../../workflows/contract';
import {
  defineNode,
  UnexpectedReplyError,
  UnsupportedRequestError,
  type CandidateDefinition,
  type NodeDefinition,
  type NodeRequest,
  type OutputItem,
  type ProviderReply,
} from '../node-definition';
import { isList } from '../pure/values';
import { givenBytes } from './language/ask';
import { textField, textPort } from './language/task-parts';
import { nodeConfig } from './node-config';
import { readIn } from './price-sources';
import { field, givenValue, optionalNumber, requiredText } from './request';
import { dollars } from './table/prices';
import { googleEmbed } from './wire/google';
import { openaiEmbeddings } from './wire/openai';

/** Of one text that is embedded; 8,192 tokens at both vendors. */
const LENGTH_MAX = 20_000;

/** Both models can be asked for fewer numbers; the length stays one. */
const DIMENSIONS = { least: 64, most: 1_536, usual: 512 } as const;

const dimensions = z
  .number()
  .int()
  .min(DIMENSIONS.least)
  .max(DIMENSIONS.most)
  .default(DIMENSIONS.usual)
  .describe('How many numbers a text becomes.');

/** A use of vectors that are all made in one call, so that they lie in one space whoever makes them. */
interface VectorTask extends Pick<NodeDefinition, 'type' | 'label' | 'description' | 'inputs' | 'outputs'> {
  readonly config: z.ZodRawShape;
  readonly texts: (request: NodeRequest) => readonly string[];
  readonly read: (
    vectors: readonly (readonly number[])[],
    model: string,
  ) => Readonly<Record<string, PortValue>>;
}

const listOfTexts = (request: NodeRequest, name: string): readonly string[] => {
  const value = givenValue(request, name);
  const texts = (isList(value) ? value : []).filter((item) => typeof item === 'string' && item !== '');
  if (texts.length > 0 && texts.length <= 90) return texts as readonly string[];
  throw new UnsupportedRequestError(`"${name}" is to be a list of 1 to 90 texts.`);
};

const tasks: readonly VectorTask[] = [
  {
    type: 'embedding:text',
    label: 'Embed a text',
    description:
      'Turns a text into numbers: texts of like meaning come to lie close together. Vectors of two models cannot be compared: name one in data.providers where you keep them.',
    config: { text: textField('a text'), dimensions },
    inputs: { text: textPort('What is embedded.') },
    outputs: {
      vector: { type: 'json', description: 'List of numbers, of length one.' },
      model: { type: 'text', description: 'The model whose space it lies in.' },
    },
    texts: (request) => [requiredText(request, 'text', LENGTH_MAX)],
    read: ([vector = []], model) => ({ vector: rounded(vector), model }),
  },
  {
    type: 'embedding:similarity',
    label: 'Similarity of texts',
    description: 'Tells how close two texts are in meaning.',
    config: { left: textField('a left text'), right: textField('a right text') },
    inputs: { left: textPort('One text.'), right: textPort('The other.') },
    outputs: { similarity: { type: 'number', description: '-1 to 1; about 1 for the same meaning.' } },
    texts: (request) => ['left', 'right'].map((name) => requiredText(request, name, LENGTH_MAX)),
    read: ([left = [], right = []]) => ({ similarity: cosine(left, right) }),
  },
  {
    type: 'embedding:rank',
    label: 'Rank by meaning',
    description: 'Orders texts by how close they are in meaning to a query.',
    config: {
      query: textField('a query'),
      items: z.array(z.string().min(1).max(LENGTH_MAX)).min(1).max(90).optional().describe('The texts.'),
    },
    inputs: {
      query: textPort('What is looked for.'),
      items: { type: 'json', orConfig: true, description: 'List of 1 to 90 texts.' },
    },
    outputs: {
      order: { type: 'json', description: 'List of {index, similarity}, closest first.' },
      best: { type: 'number', description: 'Place of the closest one in the given list, from 0.' },
    },
    texts: (request) => [requiredText(request, 'query', LENGTH_MAX), ...listOfTexts(request, 'items')],
    read: ([query = [], ...items]) => {
      const order = items
        .map((item, index) => ({ index, similarity: cosine(query, item) }))
        .sort((left, right) => right.similarity - left.similarity);
      return { order, best: order[0]?.index ?? 0 };
    },
  },
];

function cosine(left: readonly number[], right: readonly number[]): number {
  const dot = left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
  const length = Math.hypot(...left) * Math.hypot(...right);
  return length === 0 ? 0 : Math.round((dot / length) * 1e6) / 1e6;
}

/** Seven digits say all that the models say. */
const rounded = (vector: readonly number[]): JsonValue =>
  vector.map((value) => Math.round(value * 1e7) / 1e7);

interface VectorModel {
  readonly at: typeof openaiEmbeddings;
  readonly model: string;
  /** US dollars per million tokens. */
  readonly usd: number;
  readonly toInput: (
    texts: readonly string[],
    dimensions: number,
    model: string,
  ) => ReturnType<CandidateDefinition['toInput']>;
  /** Where the list stands, and a vector in its element. */
  readonly list: string;
  readonly vector: string;
}

/** Prices: LiteLLM 1.109.1. */
const models: readonly VectorModel[] = [
  {
    at: openaiEmbeddings,
    model: 'text-embedding-3-small',
    usd: 0.02,
    toInput: (texts, size) => ({ input: texts, dimensions: size, encoding_format: 'float' }),
    list: 'data',
    vector: 'embedding',
  },
  {
    at: googleEmbed,
    model: 'gemini-embedding-2',
    usd: 0.2,
    toInput: (texts, size, model) => ({
      requests: texts.map((text) => ({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        outputDimensionality: size,
      })),
    }),
    list: 'embeddings',
    vector: 'values',
  },
];

function candidateOf(
  task: VectorTask,
  { at, model, usd, toInput, list, vector }: VectorModel,
): CandidateDefinition {
  const { provider, operation, execution } = at;
  const names = Object.keys(task.inputs);
  return {
    provider,
    operation,
    execution,
    model,
    price: {
      usd: (request) => {
        const bytes = names.reduce((sum, name) => sum + givenBytes(request, name, 4_096), 0);
        return ((bytes / 2 + 64) * usd) / 1e6;
      },
      text: `${dollars(usd)} per million tokens`,
      ...sourceOf(),
    },
    toInput: (request) =>
      toInput(task.texts(request), optionalNumber(request, 'dimensions') ?? DIMENSIONS.usual, model),
    toOutputs: (reply) => toItems(task.read(vectorsIn(reply, list, vector), model)),
  };
}

function sourceOf(): { readonly source: string; readonly readOn: string } {
  const { source, readOn } = readIn('litellm');
  return { source, readOn };
}

function vectorsIn({ body }: ProviderReply, list: string, vector: string): readonly (readonly number[])[] {
  const entries = field(body, list);
  const vectors = (isList(entries) ? entries : []).map((entry) => field(entry, vector));
  const numbers = vectors.map((each) =>
    isList(each) ? each.filter((value) => typeof value === 'number') : [],
  );
  if (numbers.length > 0 && numbers.every((each) => each.length > 0)) return numbers;
  throw new UnexpectedReplyError('The answer holds no vectors.');
}

function toItems(outputs: Readonly<Record<string, PortValue>>): Readonly<Record<string, OutputItem>> {
  return Object.fromEntries(
    Object.entries(outputs).map(([port, value]) => [port, { kind: 'value', value } as const]),
  );
}

export const embeddingNodes: readonly NodeDefinition[] = tasks.map((task) =>
  defineNode({
    type: task.type,
    version: 1,
    label: task.label,
    description: task.description,
    config: nodeConfig(task.config),
    inputs: task.inputs,
    outputs: task.outputs,
    implementation: { kind: 'provider', candidates: models.map((model) => candidateOf(task, model)) },
    expectedSeconds: 1,
  }),
);
