import { createGuardedFetch } from '../../../activities/guarded-fetch';
import type { OperationRequest, Provider, ProviderCall } from '../../../activities/providers/provider';
import { createProviderFetch, resolveProviderUrls } from '../../../activities/providers/provider-fetch';

export const guardedFetch = createGuardedFetch({ allowedPrivateHosts: [] });

export const CREDENTIAL = 'key-id-1234:key-secret-5678';

/** A call to a provider whose base URL is set to the given server, as an operator would. */
export function aProviderCall(
  provider: Provider,
  serverUrl: string,
  overrides: Partial<ProviderCall> = {},
): ProviderCall {
  const env = { [provider.baseUrl.variable]: serverUrl };
  for (const { variable, pathAtBase } of Object.values(provider.extraUrls ?? {})) {
    if (pathAtBase === undefined) env[variable] = serverUrl;
  }
  const { baseUrl, extraUrls, privateOrigins } = resolveProviderUrls(provider, { mode: 'live', env });
  return {
    mode: 'live',
    baseUrl,
    extraUrls,
    credential: CREDENTIAL,
    timeoutMs: 30_000,
    signal: new AbortController().signal,
    fetch: createProviderFetch(guardedFetch, privateOrigins),
    ...overrides,
  };
}

export function anOperationRequest(overrides: Partial<OperationRequest> = {}): OperationRequest {
  return {
    model: 'acme/painter',
    input: { prompt: 'a lighthouse at dawn' },
    files: [],
    idempotencyKey: 'execution/n1/acme/0',
    ...overrides,
  };
}
