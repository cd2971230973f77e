/**
 * Milliseconds since now, by whichever clock has gone on the farther: the monotonic one stands still while a machine
 * sleeps or a virtual one is frozen, and the wall clock may be set back. To be too late by mistake costs one more try.
 *
 * @param clocks - Replaced in tests.
 */
export function startStopwatch(clocks: Clocks = ownClocks): () => number {
  const monotonicMs = clocks.monotonic();
  const wallMs = clocks.wall();
  return () => Math.max(clocks.monotonic() - monotonicMs, clocks.wall() - wallMs);
}

export interface Clocks {
  readonly monotonic: () => number;
  readonly wall: () => number;
}

const ownClocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() };
