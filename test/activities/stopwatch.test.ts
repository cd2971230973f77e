import { describe, expect, it } from '@jest/globals';
import { startStopwatch } from '../../activities/stopwatch';

describe('the stopwatch of a lease', () => {
  const watch = (later: { monotonic: number; wall: number }): number => {
    let clocks = { monotonic: 1_000, wall: 1_700_000_000_000 };
    const elapsedMs = startStopwatch({ monotonic: () => clocks.monotonic, wall: () => clocks.wall });
    clocks = { monotonic: clocks.monotonic + later.monotonic, wall: clocks.wall + later.wall };
    return elapsedMs();
  };

  it('counts the time that a sleeping machine was away, which its monotonic clock leaves out', () =>
    expect(watch({ monotonic: 200, wall: 45_000 })).toBe(45_000));

  it('is not set back with the wall clock', () =>
    expect(watch({ monotonic: 11_000, wall: -3_600_000 })).toBe(11_000));
});
