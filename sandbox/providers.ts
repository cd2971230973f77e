import type { SandboxProvider } from './provider';
import { fal } from './providers/fal';

/** Every provider that the sandbox speaks for; a new one is a file and a line here. */
export const providers: readonly SandboxProvider[] = [fal];
