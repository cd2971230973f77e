import type { Mode } from '../workflows/contract';
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
}

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
   * One session per key, in turn: each call begins with the next key.
   *
   * @throws StepError `ProviderAuthenticationFailed` without a credential, naming the variable.
   */
  openAll(providerId: string, mode: Mode): readonly ProviderSession[] {
    const provider = requireProvider(providerId);
    const sessions = this.sessions(provider, mode);
    if (sessions.length === 0) {
      const message = `No credential for ${provider.label}: set ${provider.credentialVariable} and restart the worker.`;
      throw new StepError('ProviderAuthenticationFailed', message, { provider: providerId });
    }
    const turn = this.turns.get(providerId) ?? 0;
    this.turns.set(providerId, turn + 1);
    const first = turn % sessions.length;
    return [...sessions.slice(first), ...sessions.slice(0, first)];
  }

  /**
   * The session of a job that was sent before: its provider knows it under that key alone.
   *
   * @param credentialId - Of the job; null for one that recorded none, which takes the first key.
   * @throws StepError `CredentialMissing` when the key is set no more.
   */
  open(providerId: string, mode: Mode, credentialId: string | null): ProviderSession {
    const provider = requireProvider(providerId);
    const session = this.sessions(provider, mode).find(
      (known) => credentialId === null || known.credentialId === credentialId,
    );
    if (session) return session;
    const { label, credentialVariable: variable } = provider;
    const message = `The key of ${label} under which a job was sent is set no more (its id is ${credentialId ?? 'not known'}), and no other key can ask for the job. Set it again as ${variable} or ${variable}_2, ${variable}_3 … and restart the worker.`;
    throw new StepError('CredentialMissing', message, { provider: providerId, retryAfterMs: KEY_WAIT_MS });
  }

  private sessions(provider: Provider, mode: Mode): readonly ProviderSession[] {
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

/** The sandbox takes any key. */
const SANDBOX_CREDENTIAL = { id: 'sandbox', secret: 'sandbox' };
