import type { AssetReference, JsonValue } from '../../../workflows/contract';
import {
  MediaInput,
  UnexpectedReplyError,
  type OutputItem,
  type ProviderReply,
  type WireValue,
} from '../../node-definition';
import { isJsonObject, isList } from '../../pure/values';
import { field } from '../request';
import type { Endpoint } from '../table/provider-node';

/** Text, vision and pictures of the Gemini API; the body is that of `:generateContent`. */
export const googleGenerate: Endpoint = {
  provider: 'google',
  label: 'Google',
  operation: 'generate_content',
  execution: 'sync',
  media: 'base64',
};

/** The same for the models that speak, which only v1beta has. */
export const googleSpeak: Endpoint = { ...googleGenerate, operation: 'speech' };

/** `:batchEmbedContents`. */
export const googleEmbed: Endpoint = { ...googleGenerate, operation: 'embeddings' };

/** The Interactions API in the background, for video; the body is that of `POST /interactions`. */
export const googleInteract: Endpoint = {
  ...googleGenerate,
  operation: 'interaction',
  execution: 'queue',
};

/** A picture or recording as a part of a content. */
export function googlePart(asset: AssetReference): WireValue {
  return { inlineData: { mimeType: asset.mimeType, data: new MediaInput(asset, 'base64') } };
}

/** The contents of one question: pictures first, then the words. */
export function googleContents(text: string, assets: readonly AssetReference[] = []): WireValue {
  return [{ role: 'user', parts: [...assets.map(googlePart), { text }] }];
}

/** All text of the answer; undefined when it holds none. Thoughts are no part of it. */
export function googleTextOf(reply: ProviderReply): string | undefined {
  const texts = partsOf(reply).flatMap((part) =>
    field(part, 'thought') === true ? [] : [field(part, 'text')],
  );
  const text = texts.filter((each) => typeof each === 'string').join('');
  return text === '' ? undefined : text;
}

/** First picture of the answer, base64. */
export function googleImage(reply: ProviderReply): Readonly<Record<string, OutputItem>> {
  const { data } = inlineData(reply, 'image/');
  if (data !== undefined) return { image: { kind: 'base64', base64: data } };
  throw new UnexpectedReplyError(`The answer of Google holds no picture.${endOf(reply)}`);
}

/** The video of an interaction: bytes that the adapter fetched with the key, else inline, else an open address. */
export function googleVideo({ body, bytes }: ProviderReply): Readonly<Record<string, OutputItem>> {
  if (bytes && bytes.length > 0) return { video: { kind: 'bytes', bytes } };
  const video = field(body, 'output_video') ?? videoStep(body);
  const [data, uri] = [field(video, 'data'), field(video, 'uri')];
  if (typeof data === 'string' && data !== '') return { video: { kind: 'base64', base64: data } };
  if (typeof uri === 'string' && uri !== '') return { video: { kind: 'url', url: uri } };
  throw new UnexpectedReplyError('The interaction of Google ended without a video.');
}

/** Speech: a WAV as it comes, bare 16-bit samples (`audio/L16;…;rate=24000`) with a header before them. */
export function googleSpeech(reply: ProviderReply): Readonly<Record<string, OutputItem>> {
  const { data, mimeType } = inlineData(reply, 'audio/');
  const bytes = Buffer.from(data ?? '', 'base64');
  if (bytes.length === 0)
    throw new UnexpectedReplyError(`The answer of Google holds no audio.${endOf(reply)}`);
  const isBare = /^audio\/(l16|pcm)/i.test(mimeType);
  const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 24_000);
  return { audio: { kind: 'bytes', bytes: isBare ? withWavHeader(bytes, rate) : bytes } };
}

/** Places of the tokens used; what a model thinks is billed as what it says. */
export function googleUsage(
  reply: ProviderReply,
): { readonly input: number; readonly output: number } | undefined {
  const input = field(reply.body, 'usageMetadata', 'promptTokenCount');
  const [said, thought] = ['candidatesTokenCount', 'thoughtsTokenCount'].map((name) => {
    const count = field(reply.body, 'usageMetadata', name);
    return typeof count === 'number' ? count : 0;
  });
  return typeof input === 'number' ? { input, output: (said ?? 0) + (thought ?? 0) } : undefined;
}

/** How it ended, in words for a message; empty when it does not say. */
export function endOf(reply: ProviderReply): string {
  const reason = field(reply.body, 'candidates', 0, 'finishReason');
  return typeof reason === 'string' ? ` It ended with "${reason}".` : '';
}

function partsOf({ body }: ProviderReply): readonly JsonValue[] {
  const parts = field(body, 'candidates', 0, 'content', 'parts');
  return isList(parts) ? parts : [];
}

function inlineData(
  reply: ProviderReply,
  type: string,
): { readonly data?: string; readonly mimeType: string } {
  for (const part of partsOf(reply)) {
    const [data, mimeType] = [field(part, 'inlineData', 'data'), field(part, 'inlineData', 'mimeType')];
    if (typeof data === 'string' && data !== '' && typeof mimeType === 'string' && mimeType.startsWith(type))
      return { data, mimeType };
  }
  return { mimeType: '' };
}

function videoStep(body: JsonValue): JsonValue | undefined {
  const steps = field(body, 'steps');
  const contents = (isList(steps) ? steps : []).flatMap((step) => {
    const content = field(step, 'content');
    return isList(content) ? content : [];
  });
  return contents.find((content) => isJsonObject(content) && field(content, 'type') === 'video');
}

/** One channel, 16 bits. */
function withWavHeader(samples: Buffer, rate: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
