import type { Calls } from './calls';
import type { CallOptions } from './types';

export interface SecretInput {
  readonly value: string;
  /** Where it may be sent, such as `cms.example.com`; `*.example.com` for all below. */
  readonly hosts: readonly string[];
}

export interface SecretView {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly last4: string;
  readonly createdAt: string;
}

/** Secrets that deliveries (`output:http`, `output:s3`) name, for executions of the key's mode. */
export interface SecretsClient {
  /** In the place of one before. */
  set(name: string, secret: SecretInput, options?: CallOptions): Promise<SecretView>;
  /** Never the secrets themselves. */
  list(options?: CallOptions): Promise<readonly SecretView[]>;
  delete(name: string, options?: CallOptions): Promise<void>;
}

export function createSecretsClient(calls: Calls): SecretsClient {
  const at = (name: string): string => `/secrets/${encodeURIComponent(name)}`;
  return {
    set: (name, secret, given) => calls.replace(at(name), secret, given),
    list: async (given) => (await calls.get<{ data: SecretView[] }>('/secrets', given)).data,
    delete: (name, given) => calls.discard(at(name), given),
  };
}
