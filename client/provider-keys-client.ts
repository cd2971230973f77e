import type { Calls } from './calls';
import type { CallOptions } from './types';

export interface NewProviderKey {
  /** Such as `fal`. */
  readonly provider: string;
  /** As the provider gave it. */
  readonly key: string;
  readonly name?: string;
}

export interface ProviderKeyView {
  readonly providerKeyId: string;
  readonly provider: string;
  readonly name: string;
  readonly last4: string;
  readonly createdAt: string;
}

/** The account's own keys at providers, for its live executions; with a live key only. */
export interface ProviderKeysClient {
  /** Several of one provider are used in turn; the same one again is the one that is there. */
  add(key: NewProviderKey, options?: CallOptions): Promise<ProviderKeyView>;
  /** Never the keys themselves. */
  list(options?: CallOptions): Promise<readonly ProviderKeyView[]>;
  /** Used no more after two seconds. */
  delete(providerKeyId: string, options?: CallOptions): Promise<void>;
}

export function createProviderKeysClient(calls: Calls): ProviderKeysClient {
  const path = '/provider-keys';
  return {
    add: (key, given) => calls.ask(path, key, given),
    list: async (given) => (await calls.get<{ data: ProviderKeyView[] }>(path, given)).data,
    delete: (id, given) => calls.discard(`${path}/${encodeURIComponent(id)}`, given),
  };
}
