import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signAssetUrl, verifyAssetUrl } from '../../../store/assets/signed-url';

const secrets = ['secret-one'];
const path = '/api/v1/assets/ast_1/content';
const expiresAtMs = 1_800_000_000_000;
const url = signAssetUrl(secrets, { path, expiresAtMs });

describe('a signed asset URL', () => {
  it('is valid up to its second of expiry and expired one second later', () => {
    expect(verifyAssetUrl(secrets, url, expiresAtMs - 1_000)).toBe('valid');
    expect(verifyAssetUrl(secrets, url, expiresAtMs + 999)).toBe('valid');
    expect(verifyAssetUrl(secrets, url, expiresAtMs + 1_000)).toBe('expired');
  });

  it('is forged when path, expiry, signature or parameters are changed in any way', () => {
    const forgeries = [
      url.replace('ast_1', 'ast_2'),
      url.replace('/content', '/Content'),
      url.replace('expires=18', 'expires=19'),
      url.replace('expires=', 'expires=0'),
      `${url}&download=1`,
      url.replace('?', '?download=1&'),
      url.replace(/signature=.*/, 'signature='),
      url.replace(/&signature=.*/, ''),
      `${url}=`,
      path,
      '',
    ];
    for (const forgery of forgeries)
      expect([forgery, verifyAssetUrl(secrets, forgery, 0)]).toEqual([forgery, 'forged']);
    fc.assert(
      fc.property(
        fc.nat(url.length - 1),
        fc.constantFrom('0', 'A', 'z', '_', '%', '/'),
        (index, character) => {
          fc.pre(url[index] !== character);
          const changed = url.slice(0, index) + character + url.slice(index + 1);
          expect(verifyAssetUrl(secrets, changed, 0)).toBe('forged');
        },
      ),
    );
  });

  it('is forged for another server’s secret, and valid for every secret that may still be in use', () => {
    expect(verifyAssetUrl(['secret-two'], url, 0)).toBe('forged');
    expect(verifyAssetUrl(['secret-two', 'secret-one'], url, 0)).toBe('valid');
    expect(verifyAssetUrl([], url, 0)).toBe('forged');
  });
});
