import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { createGuardedFetch } from '../../../activities/guarded-fetch';
import { defineProvider } from '../../../activities/providers/provider';
import {
  createProviderFetch,
  resolveCredentials,
  resolveProviderUrls,
} from '../../../activities/providers/provider-fetch';

const acme = defineProvider({
  id: 'acme',
  label: 'Acme',
  baseUrl: { variable: 'ACME_BASE_URL', live: 'https://api.acme.example', sandboxPath: '/acme' },
  extraUrls: {
    keys: {
      variable: 'ACME_KEYS_URL',
      live: 'https://keys.acme.example/jwks.json',
      sandboxPath: '/acme/jwks.json',
      pathAtBase: '/jwks.json',
    },
  },
  credentialVariable: 'ACME_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {},
});

describe('resolveProviderUrls', () => {
  it('gives the vendor’s addresses, none of which may be private, when nothing is set', () => {
    expect(resolveProviderUrls(acme, { mode: 'live', env: {} })).toEqual({
      baseUrl: 'https://api.acme.example',
      extraUrls: { keys: 'https://keys.acme.example/jwks.json' },
      privateOrigins: [],
    });
  });

  it('lets extra URLs follow a base that is set, and lets that origin be private', () => {
    const env = { ACME_BASE_URL: 'http://10.1.2.3:9000/proxy/' };
    expect(resolveProviderUrls(acme, { mode: 'live', env })).toEqual({
      baseUrl: 'http://10.1.2.3:9000/proxy',
      extraUrls: { keys: 'http://10.1.2.3:9000/proxy/jwks.json' },
      privateOrigins: ['http://10.1.2.3:9000'],
    });
  });

  it('takes an extra URL that is set apart', () => {
    const env = { ACME_BASE_URL: 'http://10.1.2.3:9000', ACME_KEYS_URL: 'http://10.9.9.9/k' };
    expect(resolveProviderUrls(acme, { mode: 'live', env })).toMatchObject({
      extraUrls: { keys: 'http://10.9.9.9/k' },
      privateOrigins: ['http://10.1.2.3:9000', 'http://10.9.9.9'],
    });
  });

  it('goes to the sandbox in test mode whatever is set', () => {
    const env = { ACME_BASE_URL: 'https://api.acme.example', ACME_KEYS_URL: 'https://keys.acme.example' };
    expect(resolveProviderUrls(acme, { mode: 'test', env, sandboxUrl: 'http://127.0.0.1:8090' })).toEqual({
      baseUrl: 'http://127.0.0.1:8090/acme',
      extraUrls: { keys: 'http://127.0.0.1:8090/acme/jwks.json' },
      privateOrigins: ['http://127.0.0.1:8090'],
    });
  });

  it.each(['acme.example', 'ftp://acme.example', 'https://me@acme.example', 'https://acme.example/?key=1'])(
    'refuses %s as a base URL, naming the variable and not the value',
    (value) => {
      const resolve = () => resolveProviderUrls(acme, { mode: 'live', env: { ACME_BASE_URL: value } });
      expect(resolve).toThrow(/^ACME_BASE_URL must be(?!.*acme\.example)/);
    },
  );
});

describe('resolveCredentials', () => {
  it('takes the variable and its numbered extras in order, each key once', () => {
    const env = {
      ACME_KEY_10: 'ten',
      ACME_KEY: ' one ',
      ACME_KEY_2: 'two',
      ACME_KEY_3: 'one',
      ACME_KEY_X: 'no',
      ACME_KEY_4: '',
    };
    expect(resolveCredentials(acme, env).map(({ secret }) => secret)).toEqual(['one', 'two', 'ten']);
  });

  it('names keys by a digest that is stable and does not contain them', () => {
    const [first] = resolveCredentials(acme, { ACME_KEY: 'one' });
    expect(first?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(resolveCredentials(acme, { ACME_KEY_2: 'one' })[0]?.id).toBe(first?.id);
  });

  it('finds none when none is set', () => {
    expect(resolveCredentials(acme, { ACME_KEY: '  ' })).toEqual([]);
  });
});

describe('createProviderFetch', () => {
  it('reaches the provider’s private origin and no other, and asks once more before it sends', async () => {
    const server = createServer((_request, response) => response.end('ok'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const guardedFetch = createGuardedFetch({ allowedPrivateHosts: [] });
    const init = {
      method: 'GET',
      timeoutMs: 30_000,
      maxBytes: 100,
      signal: new AbortController().signal,
    } as const;
    const own = await createProviderFetch(guardedFetch, [origin])(`${origin}/x`, init);
    expect(Buffer.from(own.bytes).toString()).toBe('ok');
    await expect(createProviderFetch(guardedFetch, [])(`${origin}/x`, init)).rejects.toMatchObject({
      sent: false,
    });
    const lost = new Error('lease lost');
    const vetoed = createProviderFetch(guardedFetch, [origin])(`${origin}/x`, {
      ...init,
      beforeSend: () => {
        throw lost;
      },
    });
    await expect(vetoed).rejects.toBe(lost);
    await guardedFetch.close();
    await new Promise((resolve) => server.close(resolve));
  });
});
