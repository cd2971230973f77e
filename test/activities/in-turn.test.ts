import { describe, expect, it } from '@jest/globals';
import { inTurn } from '../../activities/in-turn';

/** A promise with its own hands. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void; readonly fail: () => void } {
  let open: () => void = () => undefined;
  let fail: () => void = () => undefined;
  const passed = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = () => reject(new Error('failed'));
  });
  return { passed, open, fail };
}

describe('in turn', () => {
  it('the works of one key run one after the other, in order, also after one that failed', async () => {
    const seen: string[] = [];
    const first = gate();
    const one = inTurn('a', async () => {
      seen.push('one starts');
      await first.passed;
    });
    const two = inTurn('a', async () => {
      seen.push('two');
      return 2;
    });
    const three = inTurn('a', async () => seen.push('three'));
    await inTurn('b', async () => seen.push('other key'));
    first.fail();
    await expect(one).rejects.toThrow('failed');
    expect(await two).toBe(2);
    await three;
    expect(seen).toEqual(['one starts', 'other key', 'two', 'three']);
  });

  it('a key that rests is free at once', async () => {
    await inTurn('c', async () => undefined);
    let hasStarted = false;
    const turn = inTurn('c', async () => {
      hasStarted = true;
    });
    expect(hasStarted).toBe(true);
    await turn;
  });
});
