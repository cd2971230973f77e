import CircuitBreaker from 'opossum';
import { ProviderError, type ProviderErrorKind } from './providers/provider-error';

/** Errors that say something about the provider's health; all others are the caller's fault, or a decision. */
const HEALTH_KINDS: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'unavailable',
  'ambiguous',
  'response_invalid',
]);

export interface CircuitBreakerSettings {
  /** Fewest sends in the window before a circuit may open. */
  readonly volumeThreshold: number;
  /** Share of failed sends that opens it, 1–100. */
  readonly errorThresholdPercentage: number;
  /** How long an open circuit stays open before one probe, milliseconds. */
  readonly resetTimeoutMs: number;
  /** Window of the statistics, milliseconds; must be longer than the longest guarded send. */
  readonly windowMs: number;
}

/** Shortest time until a refused caller may look again, milliseconds. */
const PROBE_WAIT_MS = 2_000;

export class CircuitOpenError extends Error {
  constructor(readonly retryAtMs: number) {
    super('The circuit is open.');
  }
}

/**
 * Guards sends only: polls, downloads and cancels of accepted jobs never pass here. One breaker per provider, model,
 * credential and mode. opossum's own time-out is off, since a send that it gave up on may still be accepted.
 */
export class CircuitBreakers {
  private readonly breakers = new Map<string, { breaker: CircuitBreaker; openedAtMs: number }>();

  constructor(
    private readonly settings: CircuitBreakerSettings,
    private readonly now: () => number,
  ) {}

  /** @throws CircuitOpenError when no send would be let through now: open, or half open with its one probe under way. */
  assertClosed(key: string): void {
    const entry = this.breakers.get(key);
    if (!entry) return;
    const { opened, halfOpen, pendingClose } = entry.breaker;
    if (opened || (halfOpen && !pendingClose)) throw this.openError(entry);
  }

  /** @throws CircuitOpenError without running `send`; else what `send` throws. */
  async fire<T>(key: string, send: () => Promise<T>): Promise<T> {
    const entry = this.entry(key);
    let sent: { value: T } | undefined;
    try {
      await entry.breaker.fire(async () => {
        sent = { value: await send() };
      });
    } catch (error) {
      if (error instanceof Error && CircuitBreaker.isOurError(error)) throw this.openError(entry);
      throw error;
    }
    if (!sent) throw this.openError(entry);
    return sent.value;
  }

  shutdown(): void {
    for (const { breaker } of this.breakers.values()) breaker.shutdown();
    this.breakers.clear();
  }

  /** While a probe is under way its end is not known: callers look again soon, but not in a tight loop. */
  private openError(entry: { openedAtMs: number }): CircuitOpenError {
    const { resetTimeoutMs } = this.settings;
    const soonestMs = this.now() + Math.min(PROBE_WAIT_MS, resetTimeoutMs);
    return new CircuitOpenError(Math.max(entry.openedAtMs + resetTimeoutMs, soonestMs));
  }

  private entry(key: string): { breaker: CircuitBreaker; openedAtMs: number } {
    const known = this.breakers.get(key);
    if (known) return known;
    const breaker = new CircuitBreaker(async (send: () => Promise<void>) => send(), {
      name: key,
      timeout: false,
      volumeThreshold: this.settings.volumeThreshold,
      errorThresholdPercentage: this.settings.errorThresholdPercentage,
      resetTimeout: this.settings.resetTimeoutMs,
      rollingCountTimeout: this.settings.windowMs,
      rollingPercentilesEnabled: false,
      errorFilter: (error: unknown) => !(error instanceof ProviderError) || !HEALTH_KINDS.has(error.kind),
    });
    const entry = { breaker, openedAtMs: 0 };
    breaker.on('open', () => {
      entry.openedAtMs = this.now();
    });
    this.breakers.set(key, entry);
    return entry;
  }
}
