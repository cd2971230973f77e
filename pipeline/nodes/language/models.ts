import { readIn } from '../price-sources';
import type { PriceSource, TokenRates } from '../table/prices';
import {
  anthropicSpeaker,
  falSpeaker,
  googleSpeaker,
  openaiSpeaker,
  replicateSpeaker,
  type Speaker,
} from './speakers';

/** A language model at a provider, with its list price. */
export interface LanguageModel {
  readonly model: string;
  readonly speaker: Speaker;
  /** US dollars per million tokens. */
  readonly usd: TokenRates;
  readonly source: PriceSource;
}

const priced = (speaker: Speaker, model: string, input: number, output: number): LanguageModel => ({
  model,
  speaker,
  usd: { input, output },
  source: readIn('litellm'),
});

const openai = (model: string, input: number, output: number): LanguageModel =>
  priced(openaiSpeaker, model, input, output);
const anthropic = (model: string, input: number, output: number): LanguageModel =>
  priced(anthropicSpeaker, model, input, output);
const google = (model: string, input: number, output: number): LanguageModel =>
  priced(googleSpeaker, model, input, output);

/** Ids and list prices: LiteLLM 1.109.1, read 2026-11-26; ids but for gpt-5.6 also in openai 7.55.0, @anthropic-ai/sdk 1.11.0, @google/genai 3.1.0. */
export const LANGUAGE_MODELS = {
  gpt6Astra: openai('gpt-6-astra', 10, 50),
  gpt61Sol: openai('gpt-6.1-sol', 2, 10),
  gpt61Terra: openai('gpt-6.1-terra', 1, 5),
  gpt6Luna: openai('gpt-6-luna', 0.1, 0.5),
  gpt56: openai('gpt-5.6', 4, 20),
  gpt54Mini: openai('gpt-5.4-mini', 0.75, 4.5),
  claudeFable: anthropic('claude-fable-5-1', 10, 50),
  claudeOpus: anthropic('claude-opus-5-5', 4, 20),
  claudeSonnet: anthropic('claude-sonnet-5-5', 2, 10),
  claudeHaiku: anthropic('claude-haiku-5-5', 0.1, 0.5),
  claudeHaiku45: anthropic('claude-haiku-4-5', 1, 5),
  gemini4Argon: google('gemini-4-argon', 2, 10),
  gemini38Flash: google('gemini-3.8-flash', 0.75, 3.75),
  gemini35Flash: google('gemini-3.5-flash', 1.5, 9),
  gemini35FlashLite: google('gemini-3.5-flash-lite', 0.3, 2.5),
  claudeHaiku45AtReplicate: priced(replicateSpeaker, 'anthropic/claude-4.5-haiku', 1, 5),
  routed: routed('openrouter/router'),
  routedVision: routed('openrouter/router/vision'),
} as const;

/** Charged by the tokens of the model behind it, at that model's list price as far as is told. */
function routed(model: string): LanguageModel {
  const note = 'of the routed gpt-5.4-mini; fal charges by its tokens and gives no figure of its own';
  const usd = { input: 0.75, output: 4.5 };
  return { model, speaker: falSpeaker('openai/gpt-5.4-mini'), usd, source: readIn('litellm', note) };
}

/** Who serves a task with words alone, in order: quick and cheap models of four providers. */
export const TEXT_MODELS: readonly LanguageModel[] = [
  LANGUAGE_MODELS.gpt54Mini,
  LANGUAGE_MODELS.claudeHaiku,
  LANGUAGE_MODELS.gemini35FlashLite,
  LANGUAGE_MODELS.routed,
];

/** The same for tasks that look at pictures. */
export const VISION_MODELS: readonly LanguageModel[] = [
  LANGUAGE_MODELS.gemini35FlashLite,
  LANGUAGE_MODELS.gpt54Mini,
  LANGUAGE_MODELS.claudeHaiku,
  LANGUAGE_MODELS.routedVision,
];
