import { credentialRests, type RestReason } from '../store/database/credential-rests';
import type { Database } from '../store/database/database';
import type { Mode } from '../workflows/contract';
import { SharedRows } from './shared-rows';

/** A key of ours at a provider; `model` where only that one is meant. */
export interface RestingKey {
  readonly provider: string;
  readonly credentialId: string;
  readonly mode: Mode;
  readonly model?: string;
}

export interface Rest {
  readonly reason: RestReason;
  /** Milliseconds from now, above 0. */
  readonly remainingMs: number;
}

interface SharedRest {
  readonly reason: RestReason;
  readonly untilMs: number;
}

export interface CredentialRestsOptions {
  readonly database: Database;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  /** How old the copy of the shared state may be, milliseconds; 1,000 unless given. */
  readonly freshMs?: number;
}

/**
 * Keys that a provider throttled or turned down, for all workers: one answer "slow down" is enough for the fleet.
 * While the database is away no key rests: nothing is held back for it.
 */
export class CredentialRests {
  private readonly shared: SharedRows<SharedRest>;

  constructor(private readonly options: CredentialRestsOptions) {
    const { now, freshMs } = options;
    const read = () => this.read();
    this.shared = new SharedRows({ read, now, ...(freshMs === undefined ? {} : { freshMs }) });
  }

  /** Reads what other workers wrote, at most once a second. */
  async refresh(): Promise<void> {
    await this.shared.current();
  }

  /** The longest rest that this key has now, for any model or for this one. */
  restOf(key: RestingKey & { readonly model: string }): Rest | undefined {
    const { model, ...anyModel } = key;
    const nowMs = this.options.now();
    const rests = [this.shared.known(nameOf(anyModel)), this.shared.known(nameOf({ ...anyModel, model }))]
      .flatMap((rest) => (rest ? [{ reason: rest.reason, remainingMs: rest.untilMs - nowMs }] : []))
      .filter(({ remainingMs }) => remainingMs > 0);
    return rests.sort((left, right) => right.remainingMs - left.remainingMs)[0];
  }

  /** Holds here at once, elsewhere within a second. Never rejects; a shorter rest than the known one changes nothing. */
  async rest(key: RestingKey, reason: RestReason, restMs: number): Promise<void> {
    const name = nameOf(key);
    const untilMs = this.options.now() + restMs;
    if (restMs <= 0 || (this.shared.known(name)?.untilMs ?? 0) >= untilMs) return;
    await this.shared.change(name, { reason, untilMs }, () =>
      credentialRests.rest(this.options.database, name, reason, Math.ceil(restMs)),
    );
  }

  private async read(): Promise<ReadonlyMap<string, SharedRest>> {
    const rests = await credentialRests.read(this.options.database);
    const nowMs = this.options.now();
    return new Map(
      rests.map(({ key, reason, remainingMs }) => [key, { reason, untilMs: nowMs + remainingMs }]),
    );
  }
}

function nameOf({ provider, credentialId, mode, model }: RestingKey): string {
  return [provider, credentialId, mode, ...(model === undefined ? [] : [model])].join('/');
}
