import { UnsealableError, openSecret } from '../store/secret-box';
import { PROVIDER_KEYS_FRESH_MS, type SealedAccountSecret } from '../store/database/account-secrets';
import type { Credential } from './providers/provider-fetch';
import { StepError } from './to-application-failure';

/** Accounts whose keys are remembered; beyond it all are read anew. */
const ACCOUNTS_MAX = 1_000;

export interface AccountKeysOptions {
  readonly read: (accountId: string) => Promise<readonly SealedAccountSecret[]>;
  /** The process's own secrets; any of them may have sealed. */
  readonly secrets: readonly string[];
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
}

interface KnownKeys {
  readonly readAtMs: number;
  readonly keys: Promise<readonly SealedAccountSecret[]>;
}

/** The keys that accounts have at providers themselves. They stay encrypted until a call needs them. */
export class AccountKeys {
  private readonly known = new Map<string, KnownKeys>();

  constructor(private readonly options: AccountKeysOptions) {}

  /**
   * Oldest first; empty when the account has none there.
   *
   * @throws StepError `ProviderAuthenticationFailed` for one that can be read no more: another must not stand in for it
   */
  async of(accountId: string, provider: string): Promise<readonly Credential[]> {
    const keys = await this.read(accountId);
    return keys.filter(({ name }) => name === provider).map((key) => this.open(key));
  }

  private read(accountId: string): KnownKeys['keys'] {
    const nowMs = this.options.now();
    const known = this.known.get(accountId);
    if (known && nowMs - known.readAtMs < PROVIDER_KEYS_FRESH_MS) return known.keys;
    if (this.known.size >= ACCOUNTS_MAX) this.known.clear();
    const fresh = { readAtMs: nowMs, keys: this.options.read(accountId) };
    this.known.set(accountId, fresh);
    fresh.keys.catch(() => this.known.get(accountId) === fresh && this.known.delete(accountId));
    return fresh.keys;
  }

  private open({ digest, sealed, name, last4 }: SealedAccountSecret): Credential {
    try {
      return { id: digest, secret: openSecret(this.options.secrets, sealed) };
    } catch (error) {
      if (!(error instanceof UnsealableError)) throw error;
      const which = last4 === '' ? '' : ` that ends in ${last4}`;
      const message = `The account's own key for ${name}${which} can be read no more: this system's EVERFRAME_ASSET_SECRET was changed since. Add the key again, or delete it.`;
      throw new StepError('ProviderAuthenticationFailed', message, { provider: name, cause: error });
    }
  }
}
