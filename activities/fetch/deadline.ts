/** A time limit joined with a caller's signal; `AbortSignal.any` is avoided since it keeps sources alive on Node 20. */
export interface Deadline {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly expired: () => boolean;
  readonly abortedByCaller: () => boolean;
  /** Ends the timer; must be called in the end. */
  readonly clear: () => void;
}

export function createDeadline(timeoutMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let expired = false;
  const onAbort = (): void => {
    clear();
    controller.abort(new Error('aborted by the caller'));
  };
  const timer = setTimeout(() => {
    expired = true;
    clear();
    controller.abort(new Error(`no answer within ${String(timeoutMs)} ms`));
  }, timeoutMs);
  const clear = (): void => {
    clearTimeout(timer);
    outer?.removeEventListener('abort', onAbort);
  };
  outer?.addEventListener('abort', onAbort, { once: true });
  if (outer?.aborted === true) onAbort();
  return {
    timeoutMs,
    signal: controller.signal,
    expired: () => expired,
    abortedByCaller: () => controller.signal.aborted && !expired,
    clear,
  };
}
