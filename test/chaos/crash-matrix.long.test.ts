import { beforeAll, describe, expect, it } from '@jest/globals';
import { percentile } from '../../bench/statistics';
import { describeViolations } from './invariants/check-invariants';
import { cellName, matrix, openCell } from './matrix/cells';
import { runMatrix, type CellResult } from './matrix/run-matrix';
import { report } from './report';

const MATRIX_LIMIT_MS = 30 * 60_000;
/** The heartbeat time-out of 4 s, and 5 s; the other worker need not be started first. */
const RECOVERY_P95_MAX_MS = 9_000;

describe('the crash matrix', () => {
  let outcome: Awaited<ReturnType<typeof runMatrix>>;

  beforeAll(async () => {
    const startedMs = performance.now();
    outcome = await runMatrix(matrix, 4);
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
    const held = outcome.results.filter(holds).length;
    report(
      `crash matrix: ${held} of ${matrix.length} cells hold (${minutes} min); ${recovery(outcome.results)}`,
    );
  }, MATRIX_LIMIT_MS);

  it.each(matrix.map((cell) => [cellName(cell), cell] as const))('holds: %s', (_name, cell) => {
    const result = outcome.results.find((other) => other.cell === cell);
    expect(describeViolations(result?.violations ?? [])).toEqual([]);
    expect(result?.wasHit).toBe(true);
    expect(result?.end).toBe(result?.expected);
  });

  it('goes on after a killed worker within the heartbeat time-out and five seconds, 95 times of 100', () =>
    expect(percentile(recoveries(outcome.results), 0.95)).toBeLessThanOrEqual(RECOVERY_P95_MAX_MS));

  it('leaves no difference that belongs to no run', () => {
    expect(describeViolations(outcome.others)).toEqual([]);
  });
});

function holds({ wasHit, violations, end, expected }: CellResult): boolean {
  return wasHit && violations.length === 0 && end === expected;
}

/** Of workers that were killed with a job accepted: what is known is not waited for, but the heartbeat is. */
function recoveries(results: readonly CellResult[]): readonly number[] {
  return results
    .filter(({ cell }) => cell.action === 'kill' && /^(accept|poll|result|store|settle)/.test(cell.place))
    .map(({ recoveryMs }) => recoveryMs)
    .filter((time) => time !== undefined);
}

function recovery(results: readonly CellResult[]): string {
  const times = recoveries(results);
  const at = (share: number): string => `${(percentile(times, share) / 1_000).toFixed(1)} s`;
  return `next progress after a killed worker: p50 ${at(0.5)}, p95 ${at(0.95)}, of ${times.length} kills`;
}

describe('the known open cell', () => {
  it(
    `is as docs/failures.md says: ${cellName(openCell)} sends twice, and the checker sees it`,
    async () => {
      const { results } = await runMatrix([openCell], 1);
      expect(results[0]).toMatchObject({ wasHit: true, end: 'COMPLETED' });
      expect(results[0]?.violations.map(({ invariant }) => invariant)).toContain('P1');
    },
    MATRIX_LIMIT_MS,
  );
});
