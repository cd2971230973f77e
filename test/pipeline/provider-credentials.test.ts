import { describe, expect, it } from '@jest/globals';
import { configuredProviders, PROVIDER_CREDENTIALS } from '../../pipeline/provider-credentials';

describe('configuredProviders', () => {
  it.each(Object.entries(PROVIDER_CREDENTIALS))('finds %s by %s', (provider, variable) => {
    expect(configuredProviders({ [variable]: 'secret' })).toEqual([provider]);
  });

  it('finds a provider by a numbered further credential', () => {
    expect(configuredProviders({ FAL_KEY_2: 'secret' })).toEqual(['fal']);
  });

  it('does not count empty variables and other names', () => {
    expect(configuredProviders({ FAL_KEY: ' ', OPENAI_API_KEY_OLD: 'x', MY_FAL_KEY: 'x' })).toEqual([]);
  });
});
