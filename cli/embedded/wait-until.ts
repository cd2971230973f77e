/**
 * Repeats `probe` until it answers true. Bring-up waits for other programs' readiness, which they do not announce,
 * so a short fixed pause between probes is the cheapest honest way.
 *
 * @param options.limitMs how long to try, milliseconds
 * @param options.pauseMs pause between two probes, milliseconds (default 25)
 * @returns true when the probe succeeded, false when the limit passed first
 */
export async function waitUntil(
  probe: () => Promise<boolean> | boolean,
  options: { readonly limitMs: number; readonly pauseMs?: number },
): Promise<boolean> {
  const deadline = performance.now() + options.limitMs;
  for (;;) {
    if (await probe()) return true;
    if (performance.now() >= deadline) return false;
    await pause(options.pauseMs ?? 25);
  }
}

/** Resolves after `durationMs` milliseconds. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Resolves when the promise settles either way, or after `limitMs` milliseconds, whichever comes first. */
export async function settledWithin(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([Promise.allSettled([promise]), limit]);
  clearTimeout(timer);
}
