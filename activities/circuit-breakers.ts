import { circuitBreakers } from '../store/database/circuit-breakers';
import type { Database } from '../store/database/database';
import type { Mode } from '../workflows/contract';
import { CircuitOpenError, OwnCircuits, PROBE_WAIT_MS, type CircuitBreakerSettings } from './own-circuits';
import { isUnhealthy } from './provider-health';
import { ProviderError } from './providers/provider-error';
import { SharedRows } from './shared-rows';

export interface CircuitBreakersOptions {
  readonly database: Database;
  readonly settingsFor: (key: string) => CircuitBreakerSettings;
  /** How long the holder of a probe may take, milliseconds: longer than the longest send. */
  readonly probeLeaseMs: number;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  /** How old the copy of the shared state may be, milliseconds; 1,000 unless given. */
  readonly freshMs?: number;
}

/** A shared circuit that is not closed, until a time of this process's own clock. */
interface SharedCircuit {
  readonly state: 'open' | 'probing' | 'due';
  readonly untilMs: number;
}

/** Statistics and state are kept apart by provider, model, credential and mode. */
export function circuitKey(circuit: {
  readonly provider: string;
  readonly model: string;
  readonly credentialId: string;
  readonly mode: Mode;
}): string {
  return [circuit.provider, circuit.model, circuit.credentialId, circuit.mode].join('/');
}

export function providerOfCircuit(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

/**
 * Guards sends only: polls, downloads and cancels of accepted jobs never pass here.
 *
 * Each worker judges by its own sends (opossum). A circuit that opens is open for the whole fleet, by a row; once it is
 * due, the one holder of the row's probe lease sends one request, whose end closes or reopens it for all. All times are
 * the database's, or differences in one process.
 *
 * While the database is away, each worker goes by its own window alone: sends are neither held back nor is a circuit
 * opened for it. (A send needs its claim from the same database anyway; this is for the moment in between.)
 */
export class CircuitBreakers {
  private readonly own: OwnCircuits;
  private readonly shared: SharedRows<SharedCircuit>;

  constructor(private readonly options: CircuitBreakersOptions) {
    const { settingsFor, now, freshMs } = options;
    this.own = new OwnCircuits({ settingsFor, now, onOpen: (key) => void this.openForAll(key) });
    this.shared = new SharedRows({
      read: () => this.readShared(),
      // Closed for all: this worker's own window starts anew too.
      onGone: (key) => this.own.forget(key),
      now,
      ...(freshMs === undefined ? {} : { freshMs }),
    });
  }

  /** Reads what other workers wrote, at most once a second. */
  async refresh(): Promise<void> {
    await this.shared.current();
  }

  /** @throws CircuitOpenError when no send would be let through now: open, or with its one probe under way. */
  async assertClosed(key: string): Promise<void> {
    await this.refresh();
    const error = this.openNow(key);
    if (error) throw error;
  }

  /** What this worker knows at this moment; undefined when a send would be let through. */
  openNow(key: string): CircuitOpenError | undefined {
    const circuit = this.shared.known(key);
    const waitMs = circuit ? this.sharedWaitMs(circuit) : this.own.waitMs(key);
    return waitMs > 0 ? new CircuitOpenError(waitMs) : undefined;
  }

  /** @throws CircuitOpenError without running `send`; else what `send` throws. */
  async fire<T>(key: string, send: () => Promise<T>): Promise<T> {
    await this.assertClosed(key);
    if (this.shared.known(key) === undefined) return this.own.fire(key, send);
    const isWon = await this.tryProbe(key);
    if (isWon) return this.probe(key, send);
    // Somebody else probes, or has just closed it, or the database went away: look once more.
    this.shared.forgetAge();
    await this.assertClosed(key);
    if (this.shared.known(key) !== undefined) throw new CircuitOpenError(PROBE_WAIT_MS);
    return this.own.fire(key, send);
  }

  shutdown(): void {
    this.own.shutdown();
  }

  /** One request goes out for the whole fleet. What the provider turned down for its content shows that it is alive. */
  private async probe<T>(key: string, send: () => Promise<T>): Promise<T> {
    const { database } = this.options;
    try {
      const value = await send();
      void this.closeForAll(key);
      return value;
    } catch (error) {
      if (isUnhealthy(error)) void this.openForAll(key);
      else if (error instanceof ProviderError) void this.closeForAll(key);
      else {
        const due = { state: 'due', untilMs: this.options.now() } as const;
        void this.shared.change(key, due, () => circuitBreakers.releaseProbe(database, key));
      }
      throw error;
    }
  }

  private async openForAll(key: string): Promise<void> {
    const { database, now, settingsFor } = this.options;
    const { resetTimeoutMs } = settingsFor(key);
    const open = { state: 'open', untilMs: now() + resetTimeoutMs } as const;
    const isWritten = await this.shared.change(key, open, () =>
      circuitBreakers.open(database, key, resetTimeoutMs),
    );
    // From now on the row rules; without one, opossum keeps it open here and probes by its own timer.
    if (isWritten) this.own.forget(key);
  }

  private async closeForAll(key: string): Promise<void> {
    this.own.forget(key);
    await this.shared.change(key, undefined, () => circuitBreakers.close(this.options.database, key));
  }

  /** @returns undefined when the database is away. */
  private async tryProbe(key: string): Promise<boolean | undefined> {
    const { database, probeLeaseMs, now } = this.options;
    let isWon = false;
    const probing = { state: 'probing', untilMs: now() + probeLeaseMs } as const;
    const isAsked = await this.shared.change(key, probing, async () => {
      isWon = await circuitBreakers.tryProbe(database, key, probeLeaseMs);
    });
    return isAsked ? isWon : undefined;
  }

  private async readShared(): Promise<ReadonlyMap<string, SharedCircuit>> {
    const circuits = await circuitBreakers.readOpen(this.options.database);
    const nowMs = this.options.now();
    return new Map(
      circuits.map(({ key, state, remainingMs }) => [key, { state, untilMs: nowMs + remainingMs }]),
    );
  }

  /** How long a probe takes is not known: callers look again soon, but not in a tight loop. */
  private sharedWaitMs({ state, untilMs }: SharedCircuit): number {
    const remainingMs = Math.max(untilMs - this.options.now(), 0);
    return state === 'probing' ? Math.min(remainingMs, PROBE_WAIT_MS) : remainingMs;
  }
}
