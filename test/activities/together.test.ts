import { describe, expect, it } from '@jest/globals';
import { Together } from '../../activities/together';
import { openDatabase } from '../../store/database/database';
import { BudgetReachedError } from '../../store/database/jobs/job';

/** Never connects: nothing here asks it. */
const database = openDatabase('postgresql://127.0.0.1:1/none');

/** Writes numbers when it is let; refuses all of a write that holds 13. */
function aWriter() {
  const written: (readonly number[])[] = [];
  const gates: (() => void)[] = [];
  const together = new Together<number, string>(async (_database, _scope, items) => {
    written.push(items);
    await new Promise<void>((resolve) => gates.push(resolve));
    if (items.includes(666)) throw new Error('connection lost');
    if (items.includes(13)) throw new BudgetReachedError('budget', 1, 0);
    return items.map((item) => `number ${item}`);
  });
  const letAll = async (): Promise<void> => {
    for (let rounds = 0; rounds < 20; rounds += 1) {
      for (const open of gates.splice(0)) open();
      await new Promise(setImmediate);
    }
  };
  return { together, written, letAll };
}

const scope = (executionId: string, runId = 'run-1') => ({ executionId, runId });

describe('writes of one execution', () => {
  it('that wait for the one before them go together, and each gets its own answer', async () => {
    const { together, written, letAll } = aWriter();
    const answers = [1, 2, 3].map((item) => together.write(database, scope('exe_a'), item));
    await letAll();
    expect(await Promise.all(answers)).toEqual(['number 1', 'number 2', 'number 3']);
    expect(written).toEqual([[1], [2, 3]]);
  });

  it('do not go with those of another execution, nor of another run', async () => {
    const { together, written, letAll } = aWriter();
    const answers = [
      together.write(database, scope('exe_b'), 1),
      together.write(database, scope('exe_c'), 2),
      together.write(database, scope('exe_b', 'run-2'), 3),
      together.write(database, scope('exe_b'), 4),
    ];
    await letAll();
    expect(await Promise.all(answers)).toEqual(['number 1', 'number 2', 'number 3', 'number 4']);
    expect(written).toEqual([[1], [2], [3], [4]]);
  });

  it('are not refused for what another one is refused for', async () => {
    const { together, written, letAll } = aWriter();
    const answers = [1, 2, 13, 4].map((item) => together.write(database, scope('exe_d'), item));
    const outcomes = Promise.allSettled(answers);
    await letAll();
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await expect(answers[2]).rejects.toThrow(BudgetReachedError);
    expect(written).toEqual([[1], [2, 13, 4], [2], [13], [4]]);
  });

  it('all fail when it is not known whether they were written', async () => {
    const { together, written, letAll } = aWriter();
    const outcomes = Promise.allSettled(
      [1, 2, 666].map((item) => together.write(database, scope('exe_e'), item)),
    );
    await letAll();
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(written).toEqual([[1], [2, 666]]);
  });
});
