import { describe, expect, it } from '@jest/globals';
import { readCliConfig } from '../../cli/config';

describe('readCliConfig', () => {
  it('keeps the state in .everframe of the working folder by default', () => {
    expect(readCliConfig({}, '/work/project').home).toBe('/work/project/.everframe');
    expect(readCliConfig({ EVERFRAME_HOME: 'state' }, '/work/project').home).toBe('/work/project/state');
  });

  it('takes an empty variable as unset', () => {
    const config = readCliConfig({ EVERFRAME_PORT: '', DATABASE_URL: ' ', FAL_KEY: '' }, '/');
    expect([config.ports.api, config.databaseUrl, config.hasProviderCredential]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });

  it('sees a provider credential', () => {
    expect(readCliConfig({ FAL_KEY: 'key' }, '/').hasProviderCredential).toBe(true);
  });

  it('names every setting that cannot be used', () => {
    const settings = { EVERFRAME_PORT: 'many', EVERFRAME_SANDBOX_PORT: '70000' };
    expect(() => readCliConfig(settings, '/')).toThrow(/EVERFRAME_PORT: .*EVERFRAME_SANDBOX_PORT: /);
  });

  it('keeps the cache where EVERFRAME_CACHE or the system says', () => {
    expect(readCliConfig({ EVERFRAME_CACHE: '/cache' }, '/').cacheFolder).toBe('/cache');
    expect(readCliConfig({ XDG_CACHE_HOME: '/home/a/.cache' }, '/').cacheFolder).toBe(
      '/home/a/.cache/everframe',
    );
  });
});
