import type { Endpoint } from '../table/provider-node';
import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import { field } from '../request';

const openaiSync = { provider: 'openai', label: 'OpenAI', execution: 'sync' } as const;
/** Chat completions: the body is theirs without `model`. */
export const openaiChat: Endpoint = { ...openaiSync, operation: 'chat' };
/** `image[]` takes the pictures as bytes. */
export const openaiEdits: Endpoint = { ...openaiSync, operation: 'edits', media: 'bytes' };
/** `file` takes the recording as bytes. */
export const openaiTranscriptions: Endpoint = { ...openaiSync, operation: 'transcriptions', media: 'bytes' };
export const openaiModerations: Endpoint = { ...openaiSync, operation: 'moderations' };
export const openaiEmbeddings: Endpoint = { ...openaiSync, operation: 'embeddings' };
/** The answer is the sound. */
export const openaiSpeak: Endpoint = { ...openaiSync, operation: 'speech' };
export const openaiImages: Endpoint = { ...openaiSync, operation: 'images' };

/** What a chat answered; undefined when it is silent. */
export function openaiTextOf({ body }: ProviderReply): string | undefined {
  const text = field(body, 'choices', 0, 'message', 'content');
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** GPT image models always answer base64. */
export function openaiImage(reply: ProviderReply): Readonly<Record<string, OutputItem>> {
  const base64 = field(reply.body, 'data', 0, 'b64_json');
  if (typeof base64 === 'string' && base64 !== '') return { image: { kind: 'base64', base64 } };
  throw new UnexpectedReplyError('The answer of OpenAI holds no picture (data[0].b64_json).');
}

export function openaiSpeech(reply: ProviderReply): Readonly<Record<string, OutputItem>> {
  const { bytes } = reply;
  if (bytes && bytes.length > 0) return { audio: { kind: 'bytes', bytes } };
  throw new UnexpectedReplyError('The answer of OpenAI holds no audio.');
}

/** Tokens that the answer says were used; undefined when it does not say. */
export function openaiUsage(
  reply: ProviderReply,
  inputField: string,
  outputField: string,
): { readonly input: number; readonly output: number } | undefined {
  const input = field(reply.body, 'usage', inputField);
  const output = field(reply.body, 'usage', outputField);
  return typeof input === 'number' && typeof output === 'number' ? { input, output } : undefined;
}
