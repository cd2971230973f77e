import type { PriceSource } from './table/prices';

/** Where list prices and limits were read; each candidate's price cites one. Nobody of these was asked with a real key. */
export const PRICE_SOURCES = {
  fal: 'fal.ai llms.txt page of the model',
  litellm: 'LiteLLM 1.109.1 price table (model_prices_and_context_window_backup.json)',
  deepl: 'Third party: chatscontrol.com, DeepL API pricing 2026, plan API Pro',
  kling: 'Kling developer price list (kling.ai/document-api), 2.5 Turbo pro',
  blackForestLabs:
    'Third party for Replicate: lumenfall.ai provider table; equals the list price of docs.bfl.ai',
  lumenfall: 'Third party: lumenfall.ai provider table',
  falPages: 'fal.ai llms.txt page of the model, read again',
  falBillingTable: 'Third party: a billing table of 2026-02-05 that cites the fal.ai page of the model',
  inferenceSh: 'Third party that passes on list prices: inference.sh, page of the vendor’s apps (2026-10-24)',
  venice: 'Third party: docs.venice.ai, ElevenLabs Voice Changer',
  finetunedPhotoGen:
    'Third party: micahp/finetuned-photo-gen, src/lib/video-models.ts, "real pricing from Fal.ai"',
  bfl: 'docs.bfl.ai/quick_start/pricing; FLUX.1: LiteLLM 1.109.1 price table, which cites bfl.ai/pricing',
  recraft: 'recraft.ai/docs/api-reference/pricing',
  stability:
    'stability.ai/api-pricing-update-25; credits as aself101/stability-ai-api 1.0.1 read them from the API reference (2026-09-22)',
  ark: 'Comfy partner node price list (docs.comfy.org/tutorials/partner-nodes/pricing, 2026-08-21), at the maker’s list price',
  googleImages:
    'LiteLLM 1.109.1 price table, which cites ai.google.dev/gemini-api/docs/pricing; tokens of a picture: docs.cloud.google.com, page of Gemini 3.1 Flash Image',
  falPricingApi: 'fal pricing API as falaw 0.0.79 (PyPI) read it (2026-08-15 to 2026-10-26)',
} as const;
export type PriceSourceName = keyof typeof PRICE_SOURCES;

/** The day on which the first of them were read. */
export const PRICES_READ_ON = '2026-11-21';
/** The others. */
const READ_ON: Partial<Record<PriceSourceName, string>> = {
  deepl: '2026-11-26',
  falPages: '2026-11-26',
  falBillingTable: '2026-11-26',
  falPricingApi: '2026-11-26',
  inferenceSh: '2026-11-26',
  venice: '2026-11-26',
  finetunedPhotoGen: '2026-11-26',
  bfl: '2026-11-26',
  recraft: '2026-11-26',
  stability: '2026-11-26',
  ark: '2026-11-26',
  googleImages: '2026-11-26',
};

/** One of them with its day, and what is to be said of this price. */
export function readIn(source: PriceSourceName, note?: string): PriceSource {
  return {
    source: PRICE_SOURCES[source],
    readOn: READ_ON[source] ?? PRICES_READ_ON,
    ...(note === undefined ? {} : { note }),
  };
}
