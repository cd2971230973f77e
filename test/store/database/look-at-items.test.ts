import { describe, expect, it } from '@jest/globals';
import type { BatchState } from '../../../store/database/batches/item-counts';
import { lookAtItems, stopsOpening } from '../../../store/database/batches/look-at-items';
import type { ExecutionFailure } from '../../../workflows/contract';

const done: BatchState = {
  ...{ itemCount: 10, allowPartial: false, failFast: false },
  ...{ pending: 0, running: 0, waiting: 0, completed: 10, ended: 0, due: 0, nextInMs: null },
  ...{ redriveTimes: 0, waitingFailure: null, heldFree: 0, available: 0, budgetLeft: null },
};

const unknown: ExecutionFailure = {
  ...{ code: 'submission_unknown', message: 'What became of it?', nodeId: 'photo', retryable: false },
  resumable: true,
};

const look = (state: Partial<BatchState>, opened = 0, shortage?: ExecutionFailure) =>
  lookAtItems({ ...done, ...state }, { opened, start: [], ...(shortage ? { shortage } : {}) }, 20);

describe('a look at the items of a batch', () => {
  it('ends well once all are completed', () => {
    expect(look({})).toEqual({ start: [], open: 0, group: 1, end: {} });
  });

  it('ends badly when some have failed for good, but not with allowPartial, unless all have', () => {
    const failed = { completed: 7, ended: 3 };
    expect(look(failed).end?.failure?.message).toMatch(/^3 of 10 items failed\. /);
    expect(look({ ...failed, allowPartial: true }).end).toEqual({});
    expect(look({ completed: 0, ended: 10, allowPartial: true }).end?.failure).toBeDefined();
  });

  it('goes on while one runs, was just opened, or will be tried again', () => {
    for (const going of [look({ completed: 9, running: 1 }), look({ completed: 9, pending: 1 }, 1)])
      expect([going.open, going.end, going.waits]).toEqual([1, undefined, undefined]);
    const later = look({ completed: 9, ended: 1, nextInMs: 500 });
    expect([later.nextInMs, later.end, later.waits]).toEqual([500, undefined, undefined]);
  });

  it('hears of the last that runs while others wait, and of each end that may have to be tried again', () => {
    const groups = [{ running: 20 }, { running: 3 }, { running: 20, redriveTimes: 1 }].map(
      (state) => look({ completed: 0, waiting: 5, ...state }).group,
    );
    expect(groups).toEqual([5, 3, 1]);
    expect(look({ completed: 0, running: 20, redriveTimes: 1, pending: 5 }).group).toBe(5);
  });

  it('waits with the failure of an item that waits, or with what is lacking for the next one', () => {
    expect(look({ completed: 9, waiting: 1, waitingFailure: unknown }).waits?.failure).toMatchObject({
      code: 'submission_unknown',
      nodeId: '$items',
    });
    expect(look({ completed: 9, waiting: 1 }).waits).toEqual({});
    const shortage: ExecutionFailure = { ...unknown, code: 'budget_reached' };
    expect(look({ completed: 5, pending: 5 }, 0, shortage).waits?.failure?.code).toBe('budget_reached');
  });

  it('looks again soon at what somebody else holds at the moment', () => {
    expect(look({ completed: 9, ended: 1, due: 1 }).nextInMs).toBe(1_000);
  });

  it('opens nothing more with failFast once one has failed for good, and says what was not begun', () => {
    const state = { failFast: true, completed: 2, ended: 1, pending: 7 };
    expect(stopsOpening({ ...done, ...state })).toBe(true);
    expect(stopsOpening({ ...done, ...state, nextInMs: 100 })).toBe(false);
    expect(look(state).end?.failure?.message).toMatch(/^1 of 10 items failed, and 7 were not begun\. /);
  });
});
