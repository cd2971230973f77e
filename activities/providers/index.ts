import { anthropic } from './anthropic';
import { ark } from './ark';
import { bfl } from './bfl';
import { deepl } from './deepl';
import { elevenlabs } from './elevenlabs';
import { fal } from './fal';
import { google } from './google';
import { kling } from './kling';
import { openai } from './openai';
import type { Provider } from './provider';
import { recraft } from './recraft';
import { replicate } from './replicate';
import { stability } from './stability';

/** Every provider that a candidate may name; a new one is one file and one line here. */
export const providers: readonly Provider[] = [
  anthropic,
  ark,
  bfl,
  deepl,
  elevenlabs,
  fal,
  google,
  kling,
  openai,
  recraft,
  replicate,
  stability,
];

export function findProvider(id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}
