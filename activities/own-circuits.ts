import CircuitBreaker from 'opossum';
import { isUnhealthy } from './provider-health';
import { ProviderError } from './providers/provider-error';

export interface CircuitBreakerSettings {
  /** Failed sends in a row that open a circuit; also the fewest sends in the window before their share can. */
  readonly volumeThreshold: number;
  /** Share of failed sends above which it opens, 1–100. */
  readonly errorThresholdPercentage: number;
  /** How long an open circuit stays open before one probe, milliseconds. */
  readonly resetTimeoutMs: number;
  /** Window of the statistics, milliseconds; must be longer than the longest guarded send. */
  readonly windowMs: number;
}

/** Shortest time until a refused caller may look again, milliseconds. */
export const PROBE_WAIT_MS = 2_000;

export class CircuitOpenError extends Error {
  /** When to look again, whole milliseconds from now: a difference, since clocks of several machines do not agree. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('The circuit is open.');
    this.retryAfterMs = Math.ceil(retryAfterMs);
  }
}

interface OwnCircuit {
  readonly breaker: CircuitBreaker;
  openedAtMs: number;
  failuresInARow: number;
}

export interface OwnCircuitsOptions {
  readonly settingsFor: (key: string) => CircuitBreakerSettings;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  readonly onOpen: (key: string) => void;
}

/**
 * What this worker alone has seen of each circuit, by opossum. opossum's own time-out is off, since a send that it gave
 * up on may still be accepted. Its share of failures alone would let a provider that dies after a good minute fail as
 * often as it has served before: so failures in a row open a circuit as well.
 */
export class OwnCircuits {
  private readonly circuits = new Map<string, OwnCircuit>();

  constructor(private readonly options: OwnCircuitsOptions) {}

  /** @returns how long no send would be let through, milliseconds; 0 when one would. */
  waitMs(key: string): number {
    const circuit = this.circuits.get(key);
    if (!circuit) return 0;
    const { opened, halfOpen, pendingClose } = circuit.breaker;
    return opened || (halfOpen && !pendingClose) ? this.openError(key, circuit).retryAfterMs : 0;
  }

  /** @throws CircuitOpenError without running `send`; else what `send` throws. */
  async fire<T>(key: string, send: () => Promise<T>): Promise<T> {
    const circuit = this.circuit(key);
    let sent: { value: T } | undefined;
    try {
      await circuit.breaker.fire(async () => {
        sent = { value: await send() };
      });
    } catch (error) {
      if (error instanceof Error && CircuitBreaker.isOurError(error)) throw this.openError(key, circuit);
      throw error;
    }
    if (!sent) throw this.openError(key, circuit);
    return sent.value;
  }

  /** Begins anew, closed. Sends under way end as they do, without being counted. */
  forget(key: string): void {
    this.circuits.get(key)?.breaker.shutdown();
    this.circuits.delete(key);
  }

  shutdown(): void {
    for (const key of [...this.circuits.keys()]) this.forget(key);
  }

  /** While a probe is under way its end is not known: callers look again soon, but not in a tight loop. */
  private openError(key: string, { openedAtMs }: OwnCircuit): CircuitOpenError {
    const { resetTimeoutMs } = this.options.settingsFor(key);
    const remainingMs = openedAtMs + resetTimeoutMs - this.options.now();
    return new CircuitOpenError(Math.max(remainingMs, Math.min(PROBE_WAIT_MS, resetTimeoutMs)));
  }

  private circuit(key: string): OwnCircuit {
    const known = this.circuits.get(key);
    if (known) return known;
    const settings = this.options.settingsFor(key);
    const breaker = new CircuitBreaker(async (send: () => Promise<void>) => send(), {
      name: key,
      timeout: false,
      volumeThreshold: settings.volumeThreshold,
      errorThresholdPercentage: settings.errorThresholdPercentage,
      resetTimeout: settings.resetTimeoutMs,
      rollingCountTimeout: settings.windowMs,
      rollingPercentilesEnabled: false,
      errorFilter: (error: unknown) => !isUnhealthy(error),
    });
    const circuit = { breaker, openedAtMs: 0, failuresInARow: 0 };
    breaker.on('open', () => {
      circuit.openedAtMs = this.options.now();
      circuit.failuresInARow = 0;
      this.options.onOpen(key);
    });
    breaker.on('success', (outcome: unknown) => {
      // opossum calls an error that does not count a success; one of our own says nothing of the provider.
      if (!(outcome instanceof Error) || outcome instanceof ProviderError) circuit.failuresInARow = 0;
    });
    breaker.on('failure', () => {
      circuit.failuresInARow += 1;
      if (breaker.closed && circuit.failuresInARow >= settings.volumeThreshold) breaker.open();
    });
    this.circuits.set(key, circuit);
    return circuit;
  }
}
