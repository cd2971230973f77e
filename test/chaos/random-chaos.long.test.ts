import { describe, expect, it } from '@jest/globals';
import { checkInvariants, describeViolations } from './invariants/check-invariants';
import { measureStorm, missedFloors, type Floors } from './random/floors';
import { runStorm } from './random/run-storm';
import { report } from './report';

const size = { runs: 200, kills: 60, killsPerFailpoint: 3, stops: 20, concurrency: 10 };
const floors: Floors = {
  runs: 200,
  kills: 100,
  stops: 20,
  completedShare: 0.8,
  hits: 3,
  killsInFlightShare: 0.3,
  ambiguousAccepts: 10,
};

describe('random chaos', () => {
  it('loses no run, pays nothing twice, loses no paid result and no credit', async () => {
    const seed = Number(process.env['EVERFRAME_CHAOS_SEED'] ?? Date.now() % 1_000_000);
    const replay = `npm run test:long -- --seed ${seed}`;
    report(`random chaos: seed ${seed}; again: ${replay}`);
    const startedMs = performance.now();
    const outcome = await runStorm(seed, size);
    const { violations, paidElsewhere } = checkInvariants(outcome.evidence);
    const figures = measureStorm(outcome);
    const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
    report(`random chaos: ${JSON.stringify({ seed, minutes, ...figures, paidElsewhere })}`);
    expect({ replay, violations: describeViolations(violations) }).toEqual({ replay, violations: [] });
    expect({ replay, missed: missedFloors(figures, floors) }).toEqual({ replay, missed: [] });
  }, 3_000_000);
});
