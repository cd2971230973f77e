import { describe, expect, it } from '@jest/globals';
import { describeNode, catalogEntrySchema } from '../../../pipeline/catalog-entry';
import { nodeDefinitions } from '../../../pipeline/nodes';
import { configShape } from '../../../pipeline/nodes/node-config';
import {
  UnexpectedReplyError,
  UnsupportedRequestError,
  type OutputItem,
  type ProviderReply,
} from '../../../pipeline/node-definition';
import { priceCredits } from '../../../pipeline/price';
import { PROVIDER_CREDENTIALS } from '../../../pipeline/provider-credentials';
import { pureFunctions } from '../../../pipeline/pure/functions';
import type { JsonValue } from '../../../workflows/contract';
import { mediaOperationSchema } from '../../../activities/media/media-operation';
import { audioWork } from '../../../pipeline/nodes/local/audio-work';
import { imageWork } from '../../../pipeline/nodes/local/image-work';
import { videoWork } from '../../../pipeline/nodes/local/video-work';
import { candidatesOf, leastConfigs, requestFor } from './sample-request';

/** What a language model says: JSON with every field that a task asks for. A task that wants words takes it as words. */
const ANSWER = JSON.stringify({
  ...{ label: 'a', confidence: 0.9, sentiment: 'neutral', score: 7, short: 'a', titles: ['a'] },
  ...{ keywords: ['a'], language: 'en', corrected: 'a', changes: [], answer: 'a', found: true },
  ...{ prompt: 'a', negativePrompt: 'b', shots: [], lines: [], post: 'a', hashtags: ['a'] },
  ...{
    redacted: 'a',
    count: 1,
    reading: 'a',
    tags: ['a'],
    similarity: 0.5,
    categories: [],
    severity: 0,
    differences: 'a',
    translation: 'a',
  },
  ...{ reasons: ['a'], advice: 'a', scores: [7, 8], reason: 'a', entities: [], objects: [], flagged: false },
});

/** A good answer of every operation; keyed by provider and operation, then by output type. */
const replies: Readonly<Record<string, ProviderReply>> = {
  'fal:queue': body({
    images: [{ url: 'https://v3.fal.media/a.png' }],
    video: { url: 'https://v3.fal.media/a.mp4' },
    audio: { url: 'https://v3.fal.media/a.mp3' },
    output: ANSWER,
    text: 'Hello.',
    words: [{ text: 'Hello.', start: 0, end: 0.4, type: 'word' }],
  }),
  'elevenlabs:transcription': body({
    text: 'Hello.',
    words: [{ text: 'Hello.', start: 0, end: 0.4, type: 'word' }],
  }),
  'ark:images': body({ data: [{ url: 'https://tos.example/a.jpeg', size: '1x1' }] }),
  'bfl:task': body({ sample: 'https://delivery.example/a.jpeg' }),
  'recraft:images': body({ credits: 40, data: [{ url: 'https://img.example/a' }] }),
  'recraft:tool': body({ credits: 10, image: { url: 'https://img.example/a' } }),
  'stability:image': body({ image: 'AAAA', finish_reason: 'SUCCESS' }),
  'stability:job': body({ result: 'AAAA', finish_reason: 'SUCCESS' }),
  'replicate:prediction': body('https://replicate.delivery/a.png'),
  'openai:chat': body({ choices: [{ message: { content: ANSWER }, finish_reason: 'stop' }] }),
  'anthropic:messages': body({ content: [{ type: 'text', text: ANSWER }], stop_reason: 'end_turn' }),
  'deepl:translate': body({ translations: [{ text: 'a', detected_source_language: 'EN' }] }),
  'google:generate_content': body({
    candidates: [
      {
        content: { parts: [{ text: ANSWER }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
        finishReason: 'STOP',
      },
    ],
  }),
  'openai:moderations': body({
    results: [{ flagged: true, categories: { violence: true }, category_scores: { violence: 0.9 } }],
  }),
  'openai:embeddings': body({ data: [{ embedding: [0.6, 0.8] }, { embedding: [0.8, 0.6] }] }),
  'google:embeddings': body({ embeddings: [{ values: [0.6, 0.8] }, { values: [0.8, 0.6] }] }),
  'google:speech': body({
    candidates: [
      {
        content: { parts: [{ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: 'AAAA' } }] },
        finishReason: 'STOP',
      },
    ],
  }),
  'google:interaction': body({ output_video: { type: 'video', data: 'AAAA', mime_type: 'video/mp4' } }),
  'openai:transcriptions': body({ text: 'Hello.', usage: { type: 'duration', seconds: 1 } }),
  'openai:edits': body({ data: [{ b64_json: 'AAAA' }] }),
  'openai:images': body({ data: [{ b64_json: 'AAAA' }] }),
  ...Object.fromEntries(
    ['speech', 'dialogue', 'sound_effect', 'music', 'voice_changer'].map((operation) => [
      `elevenlabs:${operation}`,
      { body: null, bytes: new Uint8Array([1]), mimeType: 'audio/mpeg' },
    ]),
  ),
  ...Object.fromEntries(
    ['text_to_video', 'image_to_video', 'avatar', 'lip_sync'].map((operation) => [
      `kling:${operation}`,
      body({ task_result: { videos: [{ url: 'https://p1.a.kwimgs.com/a.mp4' }] } }),
    ]),
  ),
  'openai:speech': { body: null, bytes: new Uint8Array([1]), mimeType: 'audio/wav' },
};

function body(value: JsonValue): ProviderReply {
  return { body: value };
}

const works = [imageWork, videoWork, audioWork].flatMap((table) => Object.keys(table));
const entries = nodeDefinitions.map((definition) => [definition.type, definition] as const);
const candidates = nodeDefinitions.flatMap((definition) =>
  candidatesOf(definition).map(
    (candidate) => [`${definition.type} at ${candidate.provider}`, definition, candidate] as const,
  ),
);

describe('every node type', () => {
  it('has a type of its own', () => {
    expect(new Set(nodeDefinitions.map((definition) => definition.type)).size).toBe(nodeDefinitions.length);
  });

  it('is there under the names that the guides fix', () => {
    const types = nodeDefinitions.map((definition) => definition.type);
    expect(types).toEqual(
      expect.arrayContaining([
        ...['input:text', 'generate:flux_2_pro', 'generate:nano_banana_pro', 'generate:nano_banana_lite'],
        ...['generate:imagen4', 'generate:seedream_v4', 'generate:recraft_v4', 'image:remove_background'],
        ...['edit:seedream_v4_edit', 'edit:flux_2_edit', 'edit:style_transfer'],
        ...['video:kling_video_2_5_i2v', 'image:crystal_upscaler', 'utility:prompt_concat', 'text:llm'],
      ]),
    );
  });

  it.each(entries)('%s has a name, words, ports and a strict config', (type, definition) => {
    expect(type).toMatch(/^[a-z]+:[a-z0-9_]+$/);
    expect(definition.version).toBeGreaterThanOrEqual(1);
    expect(definition.label.length).toBeGreaterThan(2);
    expect(definition.description.length).toBeGreaterThan(4);
    expect(definition.expectedSeconds).toBeGreaterThanOrEqual(0);
    expect(Object.keys(definition.outputs).length).toBeGreaterThan(0);
    for (const port of [...Object.values(definition.inputs), ...Object.values(definition.outputs)]) {
      expect(port.description.length).toBeGreaterThan(3);
    }
    const config = definition.config.safeParse(leastConfigs[type] ?? {});
    expect(config.success).toBe(true);
    expect(definition.config.safeParse({ ...leastConfigs[type], noSuchField: 1 }).success).toBe(false);
  });

  it.each(entries)('%s has a config field for each port that one may replace', (_, definition) => {
    const ports = Object.entries(definition.inputs).filter(([, port]) => port.orConfig);
    expect(ports.map(([name]) => name).filter((name) => !(name in configShape(definition.config)))).toEqual(
      [],
    );
  });

  it.each(entries)('%s is described for the catalog with a JSON Schema of its config', (_, definition) => {
    const entry = describeNode(definition);
    expect(catalogEntrySchema.parse(JSON.parse(JSON.stringify(entry)))).toEqual(entry);
    expect(entry.config).toMatchObject({ type: 'object', additionalProperties: false });
    expect(Object.keys(entry.config['properties'] ?? {})).toEqual(
      Object.keys(configShape(definition.config)),
    );
  });

  it('names a function that exists, or an operation of the media children', () => {
    const functions = nodeDefinitions.flatMap(({ implementation }) =>
      implementation.kind === 'pure' ? [implementation.function] : [],
    );
    // Inputs inside of a workflow that is a node are made of `input:*` by the compiler.
    expect([...functions, 'input_pass'].sort()).toEqual(Object.keys(pureFunctions).sort());
    const refused = nodeDefinitions.flatMap(({ type, config, implementation }) => {
      if (implementation.kind !== 'media') return [];
      const operation = implementation.toOperation(config.parse(leastConfigs[type] ?? {}));
      const place = operation['kind'] === 'work' ? { inputs: {} } : { inputPath: '/a' };
      const isKnown = mediaOperationSchema.safeParse({ ...operation, ...place }).success;
      return isKnown && (operation['kind'] !== 'work' || works.some((name) => name === operation['work']))
        ? []
        : [type];
    });
    expect(refused).toEqual([]);
  });
});

describe('every candidate', () => {
  it('is one of at least two for its node type, each at another provider', () => {
    for (const definition of nodeDefinitions) {
      const providers = candidatesOf(definition).map((candidate) => candidate.provider);
      if (definition.implementation.kind !== 'provider') continue;
      expect(new Set(providers).size).toBeGreaterThanOrEqual(2);
    }
  });

  it.each(candidates)('%s has a price with source and date', (_, definition, candidate) => {
    const { price } = candidate;
    expect(price.text).toContain('$');
    expect(price.source.length).toBeGreaterThan(10);
    expect(price.readOn).toMatch(/^2026-\d\d-\d\d$/);
    const credits = priceCredits(candidate, requestFor(definition));
    expect(Number.isInteger(credits)).toBe(true);
    const least = price.text === '$0: free of charge' ? 0 : 1;
    expect(credits).toBeGreaterThanOrEqual(least);
    // The dearest clip there is costs less than twenty dollars.
    expect(credits).toBeLessThan(20_000);
    expect(priceCredits(candidate, { config: {}, inputs: {} })).toBeGreaterThanOrEqual(least);
  });

  it.each(candidates)('%s asks with plain JSON and media, nothing undefined', (_, definition, candidate) => {
    expect(Object.keys(PROVIDER_CREDENTIALS)).toContain(candidate.provider);
    const wire = candidate.toInput(requestFor(definition));
    expect(Object.keys(wire).length).toBeGreaterThan(0);
    expect(Object.values(wire)).not.toContain(undefined);
    expect(candidate.toInput(requestFor(definition))).toEqual(wire);
  });

  it.each(candidates)('%s refuses by name a request that it cannot serve', (_, __, candidate) => {
    expect(() => candidate.toInput({ config: {}, inputs: {} })).toThrow(UnsupportedRequestError);
  });

  it.each(candidates)(
    '%s reads every output of its node type from a good reply',
    (_, definition, candidate) => {
      const reply = replies[`${candidate.provider}:${candidate.operation}`];
      if (!reply) throw new Error(`No sample reply for ${candidate.operation}.`);
      const outputs: Readonly<Record<string, OutputItem>> = candidate.toOutputs(reply);
      expect(Object.keys(outputs)).toEqual(Object.keys(definition.outputs));
      expect(candidate.price.billedUsd?.(requestFor(definition), reply) ?? 0).toBeGreaterThanOrEqual(0);
    },
  );

  it.each(candidates)('%s refuses a reply without outputs by name', (_, __, candidate) => {
    const empty: readonly JsonValue[] = [
      null,
      {},
      [],
      '',
      5,
      { images: [] },
      { images: [{}] },
      { choices: [] },
      { data: 'x' },
      [null],
    ];
    for (const value of empty) expect(() => candidate.toOutputs(body(value))).toThrow(UnexpectedReplyError);
  });
});
