import { anthropic } from './anthropic';
import { deepl } from './deepl';
import { elevenlabs } from './elevenlabs';
import { fal } from './fal';
import { google } from './google';
import { kling } from './kling';
import { openai } from './openai';
import type { Provider } from './provider';
import { replicate } from './replicate';

/** Every provider that a candidate may name; a new one is one file and one line here. */
export const providers: readonly Provider[] = [
  anthropic,
  deepl,
  elevenlabs,
  fal,
  google,
  kling,
  openai,
  replicate,
];

export function findProvider(id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}
