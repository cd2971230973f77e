import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * What a provider would find in its own books. A call is one `submit` line, written before the caller hears
 * anything; what became of the job is one `finish` (or `cancel`) line. Polls and downloads are not entries.
 */
export interface LedgerEntry {
  readonly seq: number;
  /** ISO time at which the request was received, or the job ended. */
  readonly receivedAt: string;
  readonly provider: string;
  readonly model: string;
  readonly kind: 'submit' | 'finish' | 'cancel' | 'upload';
  /** Only on `submit` and `upload`: whether the provider took the job. */
  readonly accepted?: boolean;
  /** Only a `finish` line is ever billed, so that prices of billed lines add up to the bill. */
  readonly billed: boolean;
  /** US dollars, only where `billed` is true. */
  readonly priceUsd?: number;
  readonly jobId?: string;
  /** SHA-256 of the canonical JSON body. */
  readonly requestHash?: string;
  readonly webhookUrl?: string;
  /** Headers worth keeping; of the key only `keySha256`, the first 12 hex digits of its hash. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The text that the caller sent, cut to 200 characters: lets a test find its job. */
  readonly prompt?: string;
  /** SHA-256 of the first output, and of all of them. */
  readonly outputSha256?: string;
  readonly outputs?: readonly string[];
  /** accepted, or the fault that refused it; succeeded, failed, refused or canceled on the closing line. */
  readonly status: string;
}

export type LedgerLine = Omit<LedgerEntry, 'seq'>;

/** A caller's text as the ledger keeps it: its beginning, and no picture. */
export function ledgerText(text: string): string {
  return text.startsWith('data:') ? '' : text.slice(0, 200);
}

interface PendingLine {
  readonly text: string;
  readonly done: () => void;
  readonly failed: (reason: unknown) => void;
}

/** Append-only JSONL. `append` resolves once the line is on the disk; lines that arrive together share one fsync. */
export class Ledger {
  private readonly all: LedgerEntry[];
  private readonly closed: Set<string>;
  private readonly file: Promise<FileHandle>;
  private pending: PendingLine[] = [];
  private writing: Promise<void> | undefined;

  constructor(path: string) {
    this.all = readWholeLines(path);
    this.closed = new Set(this.all.flatMap((entry) => closedJob(entry)));
    this.file = open(path, 'a');
  }

  append(line: LedgerLine): Promise<LedgerEntry> {
    const entry: LedgerEntry = { seq: this.all.length + 1, ...line };
    this.all.push(entry);
    closedJob(entry).forEach((jobId) => this.closed.add(jobId));
    return new Promise((resolve, reject) => {
      this.pending.push({ text: `${JSON.stringify(entry)}\n`, done: () => resolve(entry), failed: reject });
      this.writing ??= this.writeAll();
    });
  }

  entries(filter: { provider?: string; since?: number } = {}): LedgerEntry[] {
    return this.all.filter(
      (entry) =>
        (filter.provider === undefined || entry.provider === filter.provider) &&
        (filter.since === undefined || entry.seq > filter.since),
    );
  }

  /** Whether the job's closing line is written: a restarted sandbox must not close it twice. */
  hasClosed(jobId: string): boolean {
    return this.closed.has(jobId);
  }

  async close(): Promise<void> {
    await this.writing;
    await (await this.file).close();
  }

  private async writeAll(): Promise<void> {
    const file = await this.file;
    while (this.pending.length > 0) {
      const group = this.pending;
      this.pending = [];
      try {
        await file.appendFile(group.map((line) => line.text).join(''));
        await file.datasync();
        group.forEach((line) => line.done());
      } catch (error) {
        group.forEach((line) => line.failed(error));
      }
    }
    this.writing = undefined;
  }
}

function closedJob(entry: LedgerEntry): string[] {
  return entry.jobId !== undefined && (entry.kind === 'finish' || entry.kind === 'cancel')
    ? [entry.jobId]
    : [];
}

/** A killed writer can leave half a line at the end: nobody was answered for it, so it is cut off. */
function readWholeLines(path: string): LedgerEntry[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) writeFileSync(path, whole);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerEntry);
}
