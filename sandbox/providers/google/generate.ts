import { turnAway } from '../../core/accept-job';
import { seedFrom } from '../../core/canonical-json';
import {
  answerDraft,
  promptTokens,
  saidIn,
  tokensOf,
  type Conversation,
  type TokenPrice,
} from '../../core/conversation';
import type { Job, JobDraft } from '../../core/job';
import { outputBytes } from '../../core/serve-job';
import { jsonBody, send, type Visit } from '../../core/visit';
import { performed, parsed } from './call';
import { unknownModel } from './errors';
import { generateInput, type GenerateInput } from './inputs';

const imageModels = /^(gemini-3(\.1)?-(flash|flash-lite|pro)-image|gemini-nano-banana-2\.1)$/;
const speechModels = /^gemini-3\.8-flash(-lite)?-tts$/;
const textModels = /^gemini-(3\.[1-8]-(flash|flash-lite|pro|pro-preview)|4-(argon|carbon)|3\.5-transcribe)$/;

/** POST /models/{model}:generateContent: text, pictures or speech, whichever the model makes. */
export async function generate(visit: Visit, model: string, version: string): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, model, generateInput, body);
  if (input === undefined) return;
  const conversation = conversationOf(input);
  const task = taskOf(visit, { model, version, input, conversation, body });
  if (task === undefined)
    return turnAway(visit, model, conversation.text, 'model_not_found', unknownModel(model, version));
  const job = await performed(visit, task.draft);
  if (job === undefined) return;
  const head = { modelVersion: model, responseId: job.id };
  if (job.failure?.kind === 'refused') {
    const usageMetadata = usageOf(promptTokens(conversation), 0);
    const promptFeedback = { blockReason: 'PROHIBITED_CONTENT' };
    return send(visit.response, { status: 200, body: { promptFeedback, usageMetadata, ...head } });
  }
  const { part, tokens, cut = false } = await task.read(job);
  const finishReason = cut ? 'MAX_TOKENS' : 'STOP';
  const candidate = { content: { role: 'model', parts: [part] }, finishReason, index: 0, safetyRatings: [] };
  const usageMetadata = usageOf(promptTokens(conversation), tokens);
  send(visit.response, { status: 200, body: { candidates: [candidate], usageMetadata, ...head } });
}

interface Task {
  readonly draft: Omit<JobDraft, 'id' | 'provider'>;
  readonly read: (
    job: Job,
  ) => Promise<{ readonly part: unknown; readonly tokens: number; readonly cut?: boolean }>;
}

interface Question {
  readonly model: string;
  readonly version: string;
  readonly input: GenerateInput;
  readonly conversation: Conversation;
  readonly body: unknown;
}

/** @returns undefined when this version of the API has no such model. */
function taskOf(visit: Visit, question: Question): Task | undefined {
  const { model, version } = question;
  if (imageModels.test(model)) return pictureTask(visit, question);
  if (speechModels.test(model) && version === 'v1beta') return speechTask(visit, question);
  return textModels.test(model) ? textTask(visit, question) : undefined;
}

function textTask({ services }: Visit, { model, input, conversation, body }: Question): Task {
  const seed = input.generationConfig?.seed;
  return {
    draft: answerDraft(model, conversation, body, tokenPrices(model), seed),
    read: async (job) => {
      const { text, cut } = await saidIn(services, job, conversation);
      return { part: { text }, tokens: tokensOf(text), cut };
    },
  };
}

/** Sides of a square of each size; other ratios have about as many pixels. */
const squares = { '512': 512, '1K': 1_024, '2K': 2_048, '4K': 4_096 } as const;
/** Tokens of one picture: docs.cloud.google.com, Gemini 3.1 Flash Image; pro as third parties tell it (read 2026-11-26). */
const pictureTokens = {
  flash: { '512': 747, '1K': 1_120, '2K': 1_680, '4K': 2_520 },
  pro: { '512': 747, '1K': 1_120, '2K': 1_120, '4K': 2_000 },
} as const;

/** US dollars per million tokens of pictures, LiteLLM 1.109.1. */
function picturePrice(model: string): number {
  if (model.includes('pro')) return 120;
  return model.includes('lite') || model.includes('nano-banana') ? 30 : 60;
}

function pictureTask({ services }: Visit, { model, input, conversation, body }: Question): Task {
  const { aspectRatio = '1:1', imageSize = '1K' } = input.generationConfig?.imageConfig ?? {};
  const [across = 1, down = 1] = aspectRatio.split(':').map(Number);
  const unit = squares[imageSize] / Math.sqrt(across * down);
  const [width, height] = [across, down].map((side) => Math.round((side * unit) / 16) * 16);
  const { text: prompt, images: sources } = conversation;
  const seed = input.generationConfig?.seed ?? seedFrom(body);
  const label = `google · ${model}`;
  const size = { width: width ?? 1_024, height: height ?? 1_024 };
  const tokens = pictureTokens[model.includes('pro') ? 'pro' : 'flash'][imageSize];
  return {
    draft: {
      model,
      operation: 'images',
      input: body,
      prompt,
      priceUsd: (tokens * picturePrice(model)) / 1e6,
      recipes: [{ kind: 'picture', prompt, seed, ...size, format: 'png', label, sources }],
    },
    read: async (job) => {
      const data = (await outputBytes(services, job, 0)).toString('base64');
      return { part: { inlineData: { mimeType: 'image/png', data } }, tokens };
    },
  };
}

/** Bare samples, as these models give them: 24 kHz, 16 bits, one channel. */
function speechTask({ services }: Visit, { model, input, conversation, body }: Question): Task {
  const { text } = conversation;
  const voice = input.generationConfig?.speechConfig?.voiceConfig?.prebuiltVoiceConfig?.voiceName ?? 'Kore';
  return {
    draft: {
      model,
      operation: 'speech',
      input: body,
      prompt: text,
      priceUsd: (text.length / 4) * 3e-5,
      recipes: [{ kind: 'speech', lines: [{ text, voice }], speed: 1, format: 'pcm' }],
    },
    read: async (job) => {
      const samples = await outputBytes(services, job, 0);
      const inlineData = { mimeType: 'audio/L16;codec=pcm;rate=24000', data: samples.toString('base64') };
      return { part: { inlineData }, tokens: Math.ceil((samples.length / 48_000) * 25) };
    },
  };
}

/** US dollars per million tokens, LiteLLM 1.109.1. */
function tokenPrices(model: string): TokenPrice {
  if (model.includes('3.5-flash-lite')) return { input: 0.3, output: 2.5 };
  if (/3\.[678]-flash/.test(model)) return { input: 0.75, output: 3.75 };
  if (model === 'gemini-4-argon') return { input: 2, output: 10 };
  return { input: 2, output: 12 };
}

function conversationOf({ contents, systemInstruction, generationConfig }: GenerateInput): Conversation {
  const { responseJsonSchema, responseSchema, responseMimeType, maxOutputTokens } = generationConfig ?? {};
  const textIn = (parts: GenerateInput['contents'][number]['parts']): string =>
    parts.flatMap(({ text }) => (text === undefined ? [] : [text])).join('\n');
  const last = contents.filter(({ role = 'user' }) => role === 'user').at(-1);
  const schema = responseJsonSchema ?? (responseSchema && asJsonSchema(responseSchema));
  return {
    instruction: textIn(systemInstruction?.parts ?? []),
    text: textIn(last?.parts ?? []),
    images: contents.flatMap(({ parts }) =>
      parts.flatMap(({ inlineData, fileData }) => {
        if (inlineData?.mimeType.startsWith('image/') === true)
          return [`data:${inlineData.mimeType};base64,${inlineData.data}`];
        return fileData === undefined ? [] : [fileData.fileUri];
      }),
    ),
    schema,
    json: responseMimeType === 'application/json',
    limit: maxOutputTokens,
  };
}

/** The older form names types in capitals. */
function asJsonSchema(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === 'type' && typeof value === 'string' ? value.toLowerCase() : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

function usageOf(promptTokenCount: number, candidatesTokenCount: number) {
  return {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount,
  };
}
