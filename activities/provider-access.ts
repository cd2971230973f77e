import type { Mode } from '../workflows/contract';
import type { GuardedFetch } from './guarded-fetch';
import { findProvider } from './providers';
import type { Provider, ProviderCall } from './providers/provider';
import { createProviderFetch, resolveCredentials, resolveProviderUrls } from './providers/provider-fetch';
import { StepError } from './to-application-failure';

/** Everything needed to talk to one provider in one mode with one credential. */
export interface ProviderSession {
  readonly provider: Provider;
  /** Digest of the key, never the key. */
  readonly credentialId: string;
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
  constructor(private readonly options: ProviderAccessOptions) {}

  /** Bounds one HTTP exchange, milliseconds. */
  get requestTimeoutMs(): number {
    return this.options.requestTimeoutMs;
  }

  /** @throws StepError `ProviderAuthenticationFailed` without a credential, naming the variable. */
  open(providerId: string, mode: Mode): ProviderSession {
    const provider = findProvider(providerId);
    if (!provider)
      throw new StepError('ModelGone', `This release has no provider "${providerId}".`, {
        provider: providerId,
      });
    const { environment, sandboxUrl, requestTimeoutMs, guardedFetch } = this.options;
    const urls = resolveProviderUrls(provider, { mode, env: environment, sandboxUrl });
    const [credential] = mode === 'test' ? [SANDBOX_CREDENTIAL] : resolveCredentials(provider, environment);
    if (!credential) {
      const message = `No credential for ${provider.label}: set ${provider.credentialVariable} and restart the worker.`;
      throw new StepError('ProviderAuthenticationFailed', message, { provider: providerId });
    }
    const fetch = createProviderFetch(guardedFetch, urls.privateOrigins);
    return {
      provider,
      credentialId: credential.id,
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

/** The sandbox takes any key. */
const SANDBOX_CREDENTIAL = { id: 'sandbox', secret: 'sandbox' };
