import { beforeAll, describe, expect, it } from '@jest/globals';
import { describeViolations } from './invariants/check-invariants';
import { cellName, matrix } from './matrix/cells';
import { runMatrix } from './matrix/run-matrix';

/** One of each action and class where money is at stake; `npm run test:long` has all. */
const chosen = [
  'kill at send.after_accept, provider of class idempotent',
  'kill at send.after_accept, provider of class lookup',
  'kill at send.after_accept, provider of class none',
  'stop at settle.before, provider of class lookup',
  'lose_reply at accept.after_commit, provider of class none',
  'kill at settle.after_commit, provider of class none',
  'kill at exec.after_row, provider of class none',
];
const cells = matrix.filter((cell) => chosen.includes(cellName(cell)));

describe('the crash matrix, in short', () => {
  let outcome: Awaited<ReturnType<typeof runMatrix>>;

  beforeAll(async () => {
    outcome = await runMatrix(cells, 2);
  }, 300_000);

  it.each(cells.map((cell) => [cellName(cell), cell] as const))('holds: %s', (_name, cell) => {
    const result = outcome.results.find((other) => other.cell === cell);
    expect(describeViolations(result?.violations ?? [])).toEqual([]);
    expect(result?.wasHit).toBe(true);
    expect(result?.end).toBe(result?.expected);
  });

  it('knows all of its cells', () => expect(cells).toHaveLength(chosen.length));
});
