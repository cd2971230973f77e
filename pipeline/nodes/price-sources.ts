import type { PriceSource } from './table/prices';

/** Where list prices and limits were read; each candidate's price cites one. Nobody of these was asked with a real key. */
export const PRICE_SOURCES = {
  fal: 'fal.ai llms.txt page of the model',
  litellm: 'LiteLLM 1.109.1 price table (model_prices_and_context_window_backup.json)',
  deepl: 'Third party: chatscontrol.com, DeepL API pricing 2026, plan API Pro, read 2026-11-26',
  kling: 'Kling developer price list (kling.ai/document-api), 2.5 Turbo pro',
  blackForestLabs:
    'Third party for Replicate: lumenfall.ai provider table; equals the list price of docs.bfl.ai',
  lumenfall: 'Third party: lumenfall.ai provider table',
  falPages: 'fal.ai llms.txt page of the model, read 2026-11-26',
  falBillingTable: 'Third party: a billing table of 2026-02-05 that cites the fal.ai page of the model',
  inferenceSh: 'Third party that passes on list prices: inference.sh, page of the vendor’s apps (2026-10-24)',
  venice: 'Third party: docs.venice.ai, ElevenLabs Voice Changer (2026-11-26)',
  finetunedPhotoGen:
    'Third party: micahp/finetuned-photo-gen, src/lib/video-models.ts, "real pricing from Fal.ai"',
} as const;
export type PriceSourceName = keyof typeof PRICE_SOURCES;

/** The day on which all of them were read. */
export const PRICES_READ_ON = '2026-11-21';

/** One of them with its day, and what is to be said of this price. */
export function readIn(source: PriceSourceName, note?: string): PriceSource {
  return { source: PRICE_SOURCES[source], readOn: PRICES_READ_ON, ...(note === undefined ? {} : { note }) };
}
