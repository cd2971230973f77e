/** The value below which the given share (0–1) of the samples lies, by nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** Milliseconds that one call takes, by the monotonic clock. */
export async function timed(call: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await call();
  return performance.now() - startedMs;
}

/** Finished calls a second, with so many clients at once, over a window; the tail after it is waited for and counted. */
export async function ratePerSecond(
  call: () => Promise<unknown>,
  clients: number,
  windowMs: number,
): Promise<number> {
  const startedMs = performance.now();
  let finished = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - startedMs < windowMs) {
      await call();
      finished += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (finished * 1_000) / (performance.now() - startedMs);
}
