import { describe, expect, it } from '@jest/globals';
import { assetUrl, checkAssetUrl } from '../../api/asset-urls';

const settings = {
  publicUrl: 'https://api.example.com',
  assetSecrets: ['the present secret', 'the secret before it'],
  graphLimits: { nodesMax: 1, edgesMax: 1 },
  uploadLimits: { bytesMax: 1, durationSecondsMax: 1 },
  liveProviders: [],
};
const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000 - (1_800_000_000_000 % hourMs) + 1;
const pathOf = (url: string) => url.slice(settings.publicUrl.length);

describe('assetUrl', () => {
  it('is the same for an hour', () => {
    const urls = [nowMs, nowMs + hourMs / 2].map((ms) => assetUrl(settings, 'acc_1', 'ast_1', ms));
    expect(urls[0]).toBe(urls[1]);
    expect(assetUrl(settings, 'acc_1', 'ast_1', nowMs + hourMs)).not.toBe(urls[0]);
  });

  it('is valid for at least 24 hours, then expired', () => {
    const path = pathOf(assetUrl(settings, 'acc_1', 'ast_1', nowMs));
    expect(checkAssetUrl(settings, 'acc_1', path, nowMs + 24 * hourMs)).toBe('valid');
    expect(checkAssetUrl(settings, 'acc_1', path, nowMs + 26 * hourMs)).toBe('expired');
  });

  it('opens nothing when it was made for another account', () => {
    const path = pathOf(assetUrl(settings, 'acc_2', 'ast_1', nowMs));
    expect(checkAssetUrl(settings, 'acc_1', path, nowMs)).toBe('forged');
  });

  it('stays valid after the secret was rotated', () => {
    const before = { ...settings, assetSecrets: ['the secret before it'] };
    const path = pathOf(assetUrl(before, 'acc_1', 'ast_1', nowMs));
    expect(checkAssetUrl(settings, 'acc_1', path, nowMs)).toBe('valid');
  });
});
