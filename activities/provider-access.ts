import type { ExecutionScope, Mode } from '../workflows/contract';
import type { AccountKeys } from './account-keys';
import type { GuardedFetch } from './guarded-fetch';
import { findProvider } from './providers';
import type { Provider, ProviderCall } from './providers/provider';
import {
  createProviderFetch,
  resolveCredentials,
  resolveProviderUrls,
  type Credential,
} from './providers/provider-fetch';
import { StepError } from './to-application-failure';

/** Everything needed to talk to one provider in one mode with one credential. */
export interface ProviderSession {
  readonly provider: Provider;
  /** Digest of the key, never the key. */
  readonly credentialId: string;
  readonly mode: Mode;
  /** Origins whose files may be fetched even when they are private. */
  readonly privateOrigins: readonly string[];
  /** @param signal - Aborts the exchange; give sends one that never aborts, since an aborted send may be accepted. */
  readonly call: (signal: AbortSignal) => ProviderCall;
}

export interface ProviderAccessOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sandboxUrl?: string;
  readonly requestTimeoutMs: number;
  readonly guardedFetch: GuardedFetch;
  readonly accountKeys: Pick<AccountKeys, 'of'>;
}

/** Whose keys may be used, and where. */
export type ProviderUse = Pick<ExecutionScope, 'accountId' | 'mode'>;

/** Opens sessions: base URLs and credentials are resolved per mode, so that a test run never reaches a real provider. */
export class ProviderAccess {
  private readonly turns = new Map<string, number>();
  /** The environment does not change: keys are hashed and addresses read once, and not for each send. */
  private readonly known = new Map<string, readonly ProviderSession[]>();

  constructor(private readonly options: ProviderAccessOptions) {}

  /** Bounds one HTTP exchange, milliseconds. */
  get requestTimeoutMs(): number {
    return this.options.requestTimeoutMs;
  }

  /**
   * One session per key, in turn: each call begins with the next key. An account that has keys of its own there sends
   * under these alone, all others under the server's.
   *
   * @throws StepError `ProviderAuthenticationFailed` without a credential, naming the variable.
   */
  async openAll(providerId: string, use: ProviderUse): Promise<readonly ProviderSession[]> {
    const provider = requireProvider(providerId);
    const own = await this.ownSessions(provider, use);
    const sessions = own.length > 0 ? own : this.serverSessions(provider, use.mode);
    if (sessions.length === 0) {
      const message = `No credential for ${provider.label}: set ${provider.credentialVariable} and restart the worker, or add a key of your own for it.`;
      throw new StepError('ProviderAuthenticationFailed', message, { provider: providerId });
    }
    const first =
      this.nextTurn(own.length > 0 ? `${providerId} ${use.accountId}` : providerId) % sessions.length;
    return [...sessions.slice(first), ...sessions.slice(0, first)];
  }

  /**
   * The session of a job that was sent before: its provider knows it under that key alone.
   *
   * @param credentialId - Of the job; null for one that recorded none, which takes the first key.
   * @throws StepError `CredentialMissing` when the key is set no more.
   */
  async open(providerId: string, use: ProviderUse, credentialId: string | null): Promise<ProviderSession> {
    const provider = requireProvider(providerId);
    const isMeant = (known: ProviderSession) => credentialId === null || known.credentialId === credentialId;
    // The server's first: its keys are at hand. A job that recorded no key is older than accounts' own keys.
    const session =
      this.serverSessions(provider, use.mode).find(isMeant) ??
      (await this.ownSessions(provider, use)).find(isMeant);
    if (session) return session;
    const { label, credentialVariable: variable } = provider;
    const message = `The key of ${label} under which a job was sent is set no more (its id is ${credentialId ?? 'not known'}), and no other key can ask for the job. Set it again as ${variable} or ${variable}_2, ${variable}_3 … and restart the worker; or, where it was a key of the account's own, add it again.`;
    throw new StepError('CredentialMissing', message, { provider: providerId, retryAfterMs: KEY_WAIT_MS });
  }

  private nextTurn(of: string): number {
    const turn = this.turns.get(of) ?? 0;
    if (this.turns.size >= TURNS_MAX) this.turns.clear();
    this.turns.set(of, turn + 1);
    return turn;
  }

  /** The sandbox knows no keys of accounts. */
  private async ownSessions(
    provider: Provider,
    { accountId, mode }: ProviderUse,
  ): Promise<readonly ProviderSession[]> {
    if (mode === 'test') return [];
    const credentials = await this.options.accountKeys.of(accountId, provider.id);
    return credentials.map((credential) => this.session(provider, mode, credential));
  }

  private serverSessions(provider: Provider, mode: Mode): readonly ProviderSession[] {
    const key = `${provider.id} ${mode}`;
    const known = this.known.get(key);
    if (known) return known;
    const credentials =
      mode === 'test' ? [SANDBOX_CREDENTIAL] : resolveCredentials(provider, this.options.environment);
    const sessions = credentials.map((credential) => this.session(provider, mode, credential));
    this.known.set(key, sessions);
    return sessions;
  }

  private session(provider: Provider, mode: Mode, credential: Credential): ProviderSession {
    const { environment, sandboxUrl, requestTimeoutMs, guardedFetch } = this.options;
    const urls = resolveProviderUrls(provider, { mode, env: environment, sandboxUrl });
    const fetch = createProviderFetch(guardedFetch, urls.privateOrigins);
    return {
      provider,
      credentialId: credential.id,
      mode,
      privateOrigins: urls.privateOrigins,
      call: (signal) => ({
        mode,
        baseUrl: urls.baseUrl,
        extraUrls: urls.extraUrls,
        credential: credential.secret,
        timeoutMs: requestTimeoutMs,
        signal,
        fetch,
      }),
    };
  }
}

function requireProvider(providerId: string): Provider {
  const provider = findProvider(providerId);
  if (provider) return provider;
  throw new StepError('ModelGone', `This release has no provider "${providerId}".`, { provider: providerId });
}

/** The key may come back with the next worker. */
const KEY_WAIT_MS = 10_000;

/** Bounds what is remembered of accounts with keys of their own. */
const TURNS_MAX = 10_000;

/** The sandbox takes any key. */
const SANDBOX_CREDENTIAL = { id: 'sandbox', secret: 'sandbox' };
