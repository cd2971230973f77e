import { setTimeout as sleep } from 'node:timers/promises';

/** What another worker wrote is known here after this long at the latest, milliseconds. */
const FRESH_MS = 1_000;

/** A database that does not answer within this time counts as away: a send is not held back for it. */
const PATIENCE_MS = 500;

export interface SharedRowsOptions<Row> {
  readonly read: () => Promise<ReadonlyMap<string, Row>>;
  /** Milliseconds that only ever grow. */
  readonly now: () => number;
  /** A row that was there is gone: another worker took it away. */
  readonly onGone?: (key: string) => void;
  /** How old the copy may be, milliseconds; 1,000 unless given, never more. */
  readonly freshMs?: number;
}

/**
 * This worker's copy of a small table that all workers share: read whole, at most once a second, and only while there
 * are sends. Changes of our own show at once here, and within a second elsewhere.
 */
export class SharedRows<Row> {
  private rows = new Map<string, Row>();
  private isAway = false;
  private readAtMs = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | undefined;
  private readonly writing = new Set<Promise<boolean>>();
  /** Raised by each change of our own: what was read before one is not put over it. */
  private changes = 0;

  constructor(private readonly options: SharedRowsOptions<Row>) {}

  /** @returns undefined while the database is away. */
  async current(): Promise<ReadonlyMap<string, Row> | undefined> {
    const { now, freshMs = FRESH_MS } = this.options;
    if (now() - this.readAtMs >= freshMs) await (this.reading ??= this.refresh());
    return this.isAway ? undefined : this.rows;
  }

  /** As last known, without asking. */
  known(key: string): Row | undefined {
    return this.isAway ? undefined : this.rows.get(key);
  }

  /** The next look asks the database, however fresh the copy is. */
  forgetAge(): void {
    this.readAtMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Changes a row here at once and for all by `write`.
   *
   * @param row - undefined takes it away.
   * @returns false when it could not be written: then the row is not kept here either. Never rejects.
   */
  async change(key: string, row: Row | undefined, write: () => Promise<void>): Promise<boolean> {
    this.set(key, row);
    const written = within(PATIENCE_MS, write()).then(
      () => true,
      () => false,
    );
    this.writing.add(written);
    const isWritten = await written;
    this.writing.delete(written);
    if (isWritten) this.changes += 1;
    else this.set(key, undefined);
    return isWritten;
  }

  private set(key: string, row: Row | undefined): void {
    this.changes += 1;
    if (row === undefined) this.rows.delete(key);
    else this.rows.set(key, row);
  }

  private async refresh(): Promise<void> {
    try {
      await Promise.all(this.writing);
      const { changes } = this;
      const rows = await within(PATIENCE_MS, this.options.read());
      this.isAway = false;
      if (changes === this.changes) this.replace(rows);
    } catch {
      this.isAway = true;
      this.readAtMs = this.options.now();
    } finally {
      this.reading = undefined;
    }
  }

  private replace(rows: ReadonlyMap<string, Row>): void {
    const gone = [...this.rows.keys()].filter((key) => !rows.has(key));
    this.rows = new Map(rows);
    this.readAtMs = this.options.now();
    for (const key of gone) this.options.onGone?.(key);
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const tooLate = sleep(limitMs, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`The database did not answer within ${limitMs} ms.`);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    timer.abort();
  }
}
