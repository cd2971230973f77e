import { fal } from './fal';
import type { Provider } from './provider';

/** Every provider that a candidate may name; a new one is one file and one line here. */
export const providers: readonly Provider[] = [fal];

export function findProvider(id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}
