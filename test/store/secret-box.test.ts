import { describe, expect, it } from '@jest/globals';
import { openSecret, sealSecret, UnsealableError } from '../../store/secret-box';

const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];

describe('a sealed secret', () => {
  it('opens under any of the present secrets, and shows nothing of itself', () => {
    const sealed = sealSecret([first], 'whsec_ünïcode');
    expect(sealed).not.toContain('whsec');
    expect(openSecret([second, first], sealed)).toBe('whsec_ünïcode');
    expect(sealSecret([first], 'whsec_ünïcode')).not.toBe(sealed);
  });

  it('does not open under another secret, nor when a bit of it was changed', () => {
    const sealed = sealSecret([first], 'whsec_x');
    const changed = `${sealed.slice(0, 10)}${sealed[10] === 'A' ? 'B' : 'A'}${sealed.slice(11)}`;
    for (const [secrets, text] of [
      [[second], sealed],
      [[first], changed],
      [[first], 'v1.'],
      [[first], 'v2.abc'],
    ] as const) {
      expect(() => openSecret(secrets, text)).toThrow(UnsealableError);
    }
  });
});
