import { describe, expect, it } from '@jest/globals';
import { readProviderSettings } from '../../worker/provider-settings';

describe('the settings of a provider', () => {
  it('have defaults, and no rate of ours', () => {
    expect(readProviderSettings({}, 'fal')).toEqual({
      breaker: { volumeThreshold: 5, errorThresholdPercentage: 50, resetTimeoutMs: 30_000 },
      attemptsMax: 10,
      retryDelayMs: 1_000,
      keyRestMs: 60_000,
    });
  });

  it('are taken for all providers, and a provider’s own one wins', () => {
    const environment = {
      EVERFRAME_BREAKER_RESET_MS: '5000',
      EVERFRAME_FAL_BREAKER_RESET_MS: '700',
      EVERFRAME_FAL_SENDS_PER_SECOND: '0.5',
      EVERFRAME_OPENAI_RETRY_DELAY_MS: '',
    };
    const [fal, openai] = ['fal', 'openai'].map((id) => readProviderSettings(environment, id));
    expect(fal).toMatchObject({ breaker: { resetTimeoutMs: 700 }, sendsPerSecond: 0.5 });
    expect(openai).toMatchObject({ breaker: { resetTimeoutMs: 5_000 }, retryDelayMs: 1_000 });
    expect(openai).not.toHaveProperty('sendsPerSecond');
  });

  it('that are faulty are named, all at once', () => {
    const environment = { EVERFRAME_FAL_KEY_REST_MS: '-1', EVERFRAME_SENDS_PER_SECOND: '0' };
    const read = () => readProviderSettings(environment, 'fal');
    expect(read).toThrow(/EVERFRAME_FAL_KEY_REST_MS/);
    expect(read).toThrow(/EVERFRAME_SENDS_PER_SECOND/);
    expect(() => readProviderSettings(environment, 'openai')).not.toThrow(/FAL/);
  });
});
