import type { SandboxProvider } from './provider';
import { anthropic } from './providers/anthropic';
import { ark } from './providers/ark';
import { bfl } from './providers/bfl';
import { deepl } from './providers/deepl';
import { elevenlabs } from './providers/elevenlabs';
import { fal } from './providers/fal';
import { google } from './providers/google';
import { kling } from './providers/kling';
import { openai } from './providers/openai';
import { recraft } from './providers/recraft';
import { replicate } from './providers/replicate';
import { stability } from './providers/stability';

/** Every provider that the sandbox speaks for; a new one is a file and a line here. */
export const providers: readonly SandboxProvider[] = [
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
