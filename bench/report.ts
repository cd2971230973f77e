import type { CrashFigures } from './crash';

export interface Comparison {
  readonly name: string;
  /** Median time of one run, milliseconds. */
  readonly handMs: number;
  readonly ownMs: number;
  /** Finished runs a second. */
  readonly handRate: number;
  readonly ownRate: number;
}

export interface BenchReport {
  readonly comparisons: readonly Comparison[];
  /** Items a second. */
  readonly batch: { readonly items: number; readonly handRate: number; readonly ownRate: number };
  readonly poll: { readonly p50Ms: number; readonly p99Ms: number; readonly perSecond: number };
  readonly crash: CrashFigures;
}

/** Writes the figures as a Markdown table, ready for docs/performance.md. */
export function printReport({ comparisons, batch, poll, crash }: BenchReport): void {
  const lines = [
    '| shape | hand p50 ms | Everframe p50 ms | latency ratio | hand runs/s | Everframe runs/s | throughput ratio |',
    '|---|---|---|---|---|---|---|',
    ...comparisons.map(comparisonRow),
    '',
    `A batch of ${batch.items}, one call an item: ${batch.ownRate.toFixed(1)} items/s against ${batch.handRate.toFixed(1)} calls/s ` +
      `of one workflow by hand (${(batch.ownRate / batch.handRate).toFixed(2)} ×; each item is an execution of its own).`,
    `Poll, 50 pollers: p50 ${poll.p50Ms.toFixed(1)} ms, p99 ${poll.p99Ms.toFixed(1)} ms, ${poll.perSecond.toFixed(0)} polls/s.`,
    `kill -9 of the worker during the upscale, ${crash.kills} times: ${(crash.medianOverIdealMs / 1_000).toFixed(1)} s over the ` +
      `undisturbed ${(crash.idealMs / 1_000).toFixed(1)} s (median), ${(crash.maxOverIdealMs / 1_000).toFixed(1)} s at most.`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function comparisonRow({ name, handMs, ownMs, handRate, ownRate }: Comparison): string {
  const cells = [
    name,
    handMs.toFixed(0),
    ownMs.toFixed(0),
    (ownMs / handMs).toFixed(2),
    handRate.toFixed(1),
    ownRate.toFixed(1),
    (ownRate / handRate).toFixed(2),
  ];
  return `| ${cells.join(' | ')} |`;
}
