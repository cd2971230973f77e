import type { JsonObject, JsonValue } from '../../../workflows/contract';
import {
  MediaInput,
  UnsupportedRequestError,
  type ProviderReply,
  type WireInput,
  type WireValue,
} from '../../node-definition';
import { definedOnly, field } from '../request';
import type { Endpoint } from '../table/provider-node';
import { anthropicMessages, anthropicTextOf } from '../wire/anthropic';
import { falQueue } from '../wire/fal';
import { googleContents, googleGenerate, googleTextOf, googleUsage } from '../wire/google';
import { openaiChat, openaiTextOf, openaiUsage } from '../wire/openai';
import { replicatePrediction, replicateTextOf } from '../wire/replicate';
import type { Ask } from './ask';

export interface TokensUsed {
  readonly input: number;
  readonly output: number;
}

/** How one provider's language models are asked and heard. */
export interface Speaker {
  readonly at: Endpoint;
  /** @throws UnsupportedRequestError for what this way of asking has no place for. */
  readonly toWire: (ask: Ask, model: string) => WireInput;
  /** All that was said; undefined when nothing was. */
  readonly textOf: (reply: ProviderReply) => string | undefined;
  /** How it ended, in the provider's word. */
  readonly endOf: (reply: ProviderReply) => JsonValue | undefined;
  /** Undefined when the reply does not tell. */
  readonly usageOf: (reply: ProviderReply) => TokensUsed | undefined;
  /** What the reply itself says it costs, US dollars. */
  readonly costOf?: (reply: ProviderReply) => number | undefined;
}

export const openaiSpeaker: Speaker = {
  at: openaiChat,
  toWire: ({ system, prompt, images = [], schema, maxTokens, effort, temperature }, model) => {
    refuse(temperature, 'temperature', model, 'OpenAI');
    const pictures = images.map((image) => ({
      type: 'image_url',
      image_url: { url: new MediaInput(image, 'url') },
    }));
    const content: WireValue = pictures.length === 0 ? prompt : [...pictures, { type: 'text', text: prompt }];
    const format = schema && {
      type: 'json_schema',
      json_schema: { name: 'answer', strict: true, schema },
    };
    return definedOnly({
      messages: [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content }],
      max_completion_tokens: maxTokens,
      response_format: format,
      reasoning_effort: effort,
    });
  },
  textOf: openaiTextOf,
  endOf: ({ body }) => field(body, 'choices', 0, 'finish_reason'),
  usageOf: (reply) => openaiUsage(reply, 'prompt_tokens', 'completion_tokens'),
};

/** Under version 2026-10-21 there is no temperature any more. */
export const anthropicSpeaker: Speaker = {
  at: anthropicMessages,
  toWire: ({ system, prompt, images = [], schema, maxTokens, effort, temperature }, model) => {
    refuse(temperature, 'temperature', model, 'Anthropic');
    const pictures = images.map((image) => ({
      type: 'image',
      source: { type: 'base64', media_type: image.mimeType, data: new MediaInput(image, 'base64') },
    }));
    const content: WireValue = pictures.length === 0 ? prompt : [...pictures, { type: 'text', text: prompt }];
    const output = definedOnly({ effort, format: schema && { type: 'json_schema', schema } });
    return definedOnly({
      system: system || undefined,
      messages: [{ role: 'user', content }],
      max_tokens: maxTokens,
      output_config: Object.keys(output).length === 0 ? undefined : output,
    });
  },
  textOf: anthropicTextOf,
  endOf: ({ body }) => field(body, 'stop_reason'),
  usageOf: (reply) => openaiUsage(reply, 'input_tokens', 'output_tokens'),
};

export const googleSpeaker: Speaker = {
  at: googleGenerate,
  toWire: ({ system, prompt, images, schema, maxTokens, effort, temperature }, model) => {
    // "Deprecated" for the newest models (Gemini API changelog of 2026-07-21).
    refuse(temperature, 'temperature', model, 'Google');
    return definedOnly({
      contents: googleContents(prompt, images),
      systemInstruction: system ? { parts: [{ text: system }] } : undefined,
      generationConfig: definedOnly({
        maxOutputTokens: maxTokens,
        responseMimeType: schema && 'application/json',
        responseJsonSchema: schema,
        thinkingConfig: effort && { thinkingLevel: effort.toUpperCase() },
      }),
    });
  },
  textOf: googleTextOf,
  endOf: ({ body }) => field(body, 'candidates', 0, 'finishReason'),
  usageOf: googleUsage,
};

/** fal's router has no place for a schema: it is told in words, and what comes is checked like any other answer. */
export function falSpeaker(routed: string): Speaker {
  return {
    at: falQueue,
    toWire: ({ system, prompt, images = [], schema, maxTokens, effort, temperature }, model) => {
      refuse(effort, 'effort', model, 'fal');
      const urls = images.map((image) => new MediaInput(image, 'url'));
      return definedOnly({
        model: routed,
        prompt: schema === undefined ? prompt : `${prompt}\n\n${inWords(schema)}`,
        image_urls: urls.length === 0 ? undefined : urls,
        system_prompt: system || undefined,
        max_tokens: maxTokens,
        temperature,
      });
    },
    textOf: ({ body }) => textIn(field(body, 'output')),
    endOf: ({ body }) => field(body, 'error'),
    usageOf: () => undefined,
    costOf: ({ body }) => {
      const cost = field(body, 'usage', 'cost');
      return typeof cost === 'number' && cost >= 0 ? cost : undefined;
    },
  };
}

/** Models by Anthropic on Replicate (replicate.com, page of claude-4.5-haiku, read 2026-11-26). */
export const replicateSpeaker: Speaker = {
  at: replicatePrediction,
  toWire: ({ system, prompt, images = [], schema, maxTokens, effort, temperature }, model) => {
    refuse(effort, 'effort', model, 'Replicate');
    refuse(temperature, 'temperature', model, 'Replicate');
    refuse(images[0], 'image', model, 'Replicate');
    if (maxTokens > 8_192)
      throw new UnsupportedRequestError(`${model} at Replicate answers with 8192 tokens at most.`);
    return definedOnly({
      prompt: schema === undefined ? prompt : `${prompt}\n\n${inWords(schema)}`,
      system_prompt: system || undefined,
      max_tokens: maxTokens,
    });
  },
  textOf: replicateTextOf,
  endOf: () => undefined,
  usageOf: () => undefined,
};

function inWords(schema: JsonObject): string {
  return `Answer with JSON alone, without any other word, that fits this JSON Schema:\n${JSON.stringify(schema)}`;
}

function refuse(value: unknown, name: string, model: string, provider: string): void {
  if (value === undefined) return;
  throw new UnsupportedRequestError(
    `${model} at ${provider} has no "${name}". Remove it to allow this model.`,
  );
}

function textIn(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
