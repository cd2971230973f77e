import type { SandboxProvider } from './provider';
import { anthropic } from './providers/anthropic';
import { fal } from './providers/fal';
import { google } from './providers/google';
import { openai } from './providers/openai';
import { replicate } from './providers/replicate';

/** Every provider that the sandbox speaks for; a new one is a file and a line here. */
export const providers: readonly SandboxProvider[] = [anthropic, fal, google, openai, replicate];
