import { z } from 'zod';
import type { JsonObject, JsonValue, PortValue } from '../../../workflows/contract';
import {
  defineNode,
  UnexpectedReplyError,
  type CandidateDefinition,
  type NodeDefinition,
  type NodeRequest,
  type OutputItem,
  type Price,
} from '../../node-definition';
import { nodeConfig } from '../node-config';
import { optionalNumber } from '../request';
import { dollars, type TokenRates } from '../table/prices';
import { givenBytes, type Ask } from './ask';
import { TEXT_MODELS, type LanguageModel } from './models';

type Outputs = Readonly<Record<string, PortValue>>;

/** A task for a language model as a table: what is asked, and what the answer means. */
export interface LanguageTask extends Pick<NodeDefinition, 'type' | 'label' | 'description'> {
  readonly config: z.ZodRawShape;
  readonly inputs: NodeDefinition['inputs'];
  readonly outputs: NodeDefinition['outputs'];
  readonly ask: (
    request: NodeRequest,
  ) => Omit<Ask, 'maxTokens' | 'schema'> & { readonly schema?: JsonObject };
  readonly answer: Answer;
  /** Longest answer, thoughts included, tokens; the config field `maxTokens` wins. */
  readonly maxTokens?: number;
  readonly models?: readonly LanguageModel[];
  readonly expectedSeconds?: number;
}

/** What is made of the words that came. */
export interface Answer {
  /** The form that is asked for, unless the question says one itself. */
  readonly schema?: JsonObject;
  readonly read: (text: string) => Outputs;
}

/** The words themselves are the output. */
export function asPlainText(port = 'text'): Answer {
  return { read: (text) => ({ [port]: text.trim() }) };
}

/**
 * JSON of one form. Bounds belong into the descriptions: not every vendor's schemas know them, so `toOutputs` keeps
 * numbers within theirs.
 */
export function asJson<Shape extends z.ZodRawShape>(
  shape: Shape,
  toOutputs: (answer: z.output<z.ZodObject<Shape>>) => Outputs,
): Answer {
  const form = z.object(shape);
  return {
    schema: closedSchema(z.strictObject(shape)),
    read: (text) => {
      const answer = form.safeParse(parseAnswer(text));
      if (answer.success) return toOutputs(answer.data);
      const [issue] = answer.error.issues;
      throw new UnexpectedReplyError(
        `The answer of the language model does not fit: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}. Run it again, or ask for less at once.`,
      );
    },
  };
}

/** Any JSON object, for forms that the user gives. */
export function asAnyJson(port = 'json'): Answer {
  return {
    read: (text) => {
      const value = parseAnswer(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { [port]: value };
      throw new UnexpectedReplyError('The answer of the language model is no JSON object.');
    },
  };
}

export function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** JSON Schema without what only some vendors know. */
export function closedSchema(form: z.ZodType): JsonObject {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(form);
  return schema as JsonObject;
}

/** Tokens of a task's own words, of a schema and of one picture, at most. */
const WORDS_TOKENS = 600;
const IMAGE_TOKENS = 5_000;
const MAX_TOKENS = 2_048;

export function languageNode(task: LanguageTask): NodeDefinition {
  const { type, label, description, inputs, outputs, expectedSeconds = 5, models = TEXT_MODELS } = task;
  return defineNode({
    type,
    version: 1,
    label,
    description,
    config: nodeConfig(task.config),
    inputs,
    outputs,
    implementation: { kind: 'provider', candidates: models.map((model) => languageCandidate(task, model)) },
    expectedSeconds,
  });
}

/** One model for a task, where other candidates than language models stand beside it. */
export function languageCandidate(
  task: LanguageTask,
  { model, speaker, usd, source }: LanguageModel,
): CandidateDefinition {
  const { provider, operation, execution } = speaker.at;
  return {
    provider,
    operation,
    execution,
    model,
    price: priceOf(task, { model, speaker, usd, source }),
    toInput: (request) => {
      const asked = task.ask(request);
      const schema = asked.schema ?? task.answer.schema;
      const ask = { ...asked, maxTokens: maxTokensOf(task, request), ...(schema ? { schema } : {}) };
      return speaker.toWire(ask, model);
    },
    toOutputs: (reply) => {
      const text = speaker.textOf(reply);
      if (text !== undefined) return toItems(task.answer.read(text));
      const end = speaker.endOf(reply);
      const why = typeof end === 'string' && end !== '' ? ` It ended with "${end}".` : '';
      throw new UnexpectedReplyError(
        `The answer of ${speaker.at.label} holds no text.${why} Allow more tokens or rephrase the prompt.`,
      );
    },
  };
}

/** Two bytes a token is more than any common language needs. */
function priceOf(task: LanguageTask, { speaker, usd, source }: LanguageModel): Price {
  const cost = (tokens: TokenRates): number => (tokens.input * usd.input + tokens.output * usd.output) / 1e6;
  const ports = Object.entries(task.inputs);
  const images = ports.reduce((sum, [, port]) => sum + (port.type === 'image' ? (port.many ? 8 : 1) : 0), 0);
  const highest = (request: NodeRequest): number => {
    const names = new Set([...Object.keys(task.config), ...ports.map(([name]) => name)]);
    const bytes = [...names].reduce((sum, name) => {
      const port = task.inputs[name];
      if (port?.type === 'image') return sum;
      return sum + givenBytes(request, name, port?.required === true ? 4_096 : 0);
    }, 0);
    const input = WORDS_TOKENS + images * IMAGE_TOKENS + bytes / 2;
    return cost({ input, output: maxTokensOf(task, request) });
  };
  const words = `${dollars(usd.input)} per million tokens in, ${dollars(usd.output)} per million tokens out`;
  return {
    usd: highest,
    billedUsd: (request, reply) => {
      const used = speaker.usageOf(reply);
      return speaker.costOf?.(reply) ?? (used ? cost(used) : highest(request));
    },
    text: source.note === undefined ? words : `${words}: ${source.note}`,
    source: source.source,
    readOn: source.readOn,
  };
}

function maxTokensOf(task: LanguageTask, request: NodeRequest): number {
  return optionalNumber(request, 'maxTokens') ?? task.maxTokens ?? MAX_TOKENS;
}

function toItems(outputs: Outputs): Readonly<Record<string, OutputItem>> {
  return Object.fromEntries(
    Object.entries(outputs).map(([port, value]) => [port, { kind: 'value', value } as const]),
  );
}

/** Some put their JSON between fences. */
function parseAnswer(text: string): JsonValue {
  const bare = /^\s*```(?:json)?\s*([\s\S]*?)\s*```\s*$/.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(bare) as JsonValue;
  } catch {
    throw new UnexpectedReplyError(
      'The answer of the language model is no whole JSON. Allow more tokens, or ask for less at once.',
    );
  }
}
