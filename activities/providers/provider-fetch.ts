import { digestOf } from '../../store/digest-of';
import type { Mode } from '../../workflows/contract';
import type { GuardedFetch } from '../guarded-fetch';
import type { Provider, ProviderFetch } from './provider';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The guarded fetch as an adapter sees it, for one provider.
 *
 * @param privateOrigins - Origins of the provider that may be private, from `resolveProviderUrls`.
 */
export function createProviderFetch(
  guardedFetch: GuardedFetch,
  privateOrigins: readonly string[],
): ProviderFetch {
  return async (url, init) => {
    const { status, headers, bytes } = await guardedFetch.fetchBytes(url, { ...init, privateOrigins });
    return { status, headers, bytes };
  };
}

export interface ProviderUrls {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly extraUrls: Readonly<Record<string, string>>;
  /** Origins that the operator has set (or the sandbox's): these may be private, the vendors' own need not. */
  readonly privateOrigins: readonly string[];
}

export interface ProviderUrlOptions {
  readonly mode: Mode;
  readonly env: Environment;
  /** Needed in test mode. */
  readonly sandboxUrl?: string;
}

/**
 * Where a provider is: live from its environment variables or the vendor's addresses, test always at the sandbox.
 * When only the base is set, extra URLs that have a `pathAtBase` follow it.
 *
 * @throws Error naming the variable whose value is no http(s) URL.
 */
export function resolveProviderUrls(provider: Provider, options: ProviderUrlOptions): ProviderUrls {
  const extras = Object.entries(provider.extraUrls ?? {});
  if (options.mode === 'test') {
    const sandbox = readUrl('the sandbox URL', options.sandboxUrl ?? '');
    return {
      baseUrl: `${sandbox}${provider.baseUrl.sandboxPath}`,
      extraUrls: Object.fromEntries(
        extras.map(([name, { sandboxPath }]) => [name, `${sandbox}${sandboxPath}`]),
      ),
      privateOrigins: [new URL(sandbox).origin],
    };
  }
  const setBase = readVariable(provider.baseUrl.variable, options.env);
  const set: string[] = setBase === undefined ? [] : [setBase];
  const resolveExtra = (extra: (typeof extras)[number][1]): string => {
    const atBase =
      setBase === undefined || extra.pathAtBase === undefined ? undefined : `${setBase}${extra.pathAtBase}`;
    const url = readVariable(extra.variable, options.env) ?? atBase;
    if (url !== undefined) set.push(url);
    return url ?? extra.live;
  };
  const extraUrls = Object.fromEntries(extras.map(([name, extra]) => [name, resolveExtra(extra)]));
  return {
    baseUrl: setBase ?? provider.baseUrl.live,
    extraUrls,
    privateOrigins: [...new Set(set.map((url) => new URL(url).origin))],
  };
}

export interface Credential {
  /** First 16 hex digits of the key's SHA-256: tells keys apart without giving them away. */
  readonly id: string;
  readonly secret: string;
}

/**
 * A provider's keys: its variable first, then the numbered ones (`FAL_KEY_2`, `FAL_KEY_3` …) in order; each key once.
 *
 * @returns empty when none is set.
 */
export function resolveCredentials(
  provider: Pick<Provider, 'credentialVariable'>,
  env: Environment,
): readonly Credential[] {
  const { credentialVariable } = provider;
  const numbered = Object.keys(env)
    .filter((name) => name.startsWith(`${credentialVariable}_`))
    .map((name) => ({ name, number: Number(name.slice(credentialVariable.length + 1)) }))
    .filter(({ number }) => Number.isInteger(number))
    .sort((left, right) => left.number - right.number);
  const secrets = [credentialVariable, ...numbered.map(({ name }) => name)]
    .map((name) => env[name]?.trim() ?? '')
    .filter((secret) => secret !== '');
  return [...new Set(secrets)].map((secret) => ({ id: digestOf(secret), secret }));
}

function readVariable(variable: string, env: Environment): string | undefined {
  const value = env[variable]?.trim() ?? '';
  return value === '' ? undefined : readUrl(variable, value);
}

function readUrl(name: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    `${url.username}${url.search}${url.hash}` !== ''
  ) {
    throw new Error(`${name} must be an http or https URL without user, query and fragment.`);
  }
  return url.href.replace(/\/+$/, '');
}
