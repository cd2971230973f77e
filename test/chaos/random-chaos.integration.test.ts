import { describe, expect, it } from '@jest/globals';
import { checkInvariants, describeViolations } from './invariants/check-invariants';
import { measureStorm, missedFloors } from './random/floors';
import { runStorm } from './random/run-storm';
import { report } from './report';

const size = { runs: 10, kills: 6, killsPerFailpoint: 0, stops: 2, concurrency: 5 };
const floors = {
  runs: 10,
  kills: 6,
  stops: 2,
  completedShare: 0.8,
  hits: 0,
  killsInFlightShare: 0,
  ambiguousAccepts: 0,
};

describe('random chaos, in short', () => {
  it('loses no run, pays nothing twice, loses no paid result and no credit', async () => {
    const seed = Number(process.env['EVERFRAME_CHAOS_SEED'] ?? Date.now() % 1_000_000);
    report(`random chaos in short: seed ${seed}`);
    const outcome = await runStorm(seed, size);
    const { violations } = checkInvariants(outcome.evidence);
    expect({ seed, violations: describeViolations(violations) }).toEqual({ seed, violations: [] });
    expect({ seed, missed: missedFloors(measureStorm(outcome), floors) }).toEqual({ seed, missed: [] });
  }, 600_000);
});
