import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultRule } from '../../sandbox/core/faults';
import { aGraph } from '../support/graph-builder';
import { collectEvidence } from './evidence/collect-evidence';
import type { Evidence } from './evidence/evidence';
import { checkInvariants, describeViolations } from './invariants/check-invariants';
import { SAFETY_CLASSES, type SafetyClass } from './provider/chaos-classes';
import { ambiguousAccepts } from './random/floors';
import { report } from './report';
import { ChaosSystem } from './system/chaos-system';
import { watchRun, type WatchedRun } from './system/watch-run';

/** Runs per way in which an answer is lost. */
const RUNS = 12;
const AT_ONCE = 6;
const LEAST = 30;
const LIMIT_MS = 15 * 60_000;

/** After each of these the provider has the job and we do not know it; the last outlasts the suite's request time limit. */
const WAYS: readonly Pick<FaultRule, 'action' | 'delayMs'>[] = [
  { action: 'accept_then_drop' },
  { action: 'malformed' },
  { action: 'slow', delayMs: 4_500 },
];

/** fal's adapter is of class `none` too; it calls back with a signature. */
const NODE_TYPES: Readonly<Record<SafetyClass, readonly string[]>> = {
  idempotent: ['chaos:idempotent'],
  lookup: ['chaos:lookup'],
  none: ['chaos:none', 'generate:flux_2_pro'],
};

async function loseAnswers(safety: SafetyClass): Promise<Evidence> {
  const chaos = await ChaosSystem.start({ servers: 'shared' });
  try {
    const runs: WatchedRun[] = [];
    for (const way of WAYS) {
      await chaos.setFaults([{ ...way, operation: 'submit', times: RUNS }]);
      for (let started = 0; started < RUNS; started += AT_ONCE) {
        const batch = Array.from({ length: AT_ONCE }, (_, index) => runOne(chaos, safety, index));
        runs.push(...(await Promise.all(batch)));
      }
    }
    return await collectEvidence(chaos, runs);
  } finally {
    await chaos.stop();
  }
}

async function runOne(chaos: ChaosSystem, safety: SafetyClass, number: number): Promise<WatchedRun> {
  const types = NODE_TYPES[safety];
  const nodeType = types[number % types.length] ?? '';
  const config = nodeType.startsWith('generate:') ? { width: 256, height: 256 } : {};
  const graph = aGraph(`lost answer ${randomUUID()}`).node('paid', nodeType, config).edge('prompt', 'paid');
  const client = chaos.client();
  const { executionId } = await client.execute(graph.build());
  return watchRun(client, executionId, 90_000);
}

describe.each(SAFETY_CLASSES)('answers lost after the provider took the job, class %s', (safety) => {
  let evidence: Evidence;

  beforeAll(async () => {
    evidence = await loseAnswers(safety);
    report(`ambiguous accepts, class ${safety}: ${JSON.stringify(figures())}`);
  }, LIMIT_MS);

  function figures() {
    const { jobs } = evidence.database;
    const settled = jobs.filter(({ state }) => state === 'SETTLED').length;
    return {
      ambiguous: ambiguousAccepts(evidence)[safety],
      jobs: jobs.length,
      accepted: evidence.ledger.filter(({ kind, accepted }) => kind === 'submit' && accepted).length,
      billed: evidence.ledger.filter(({ billed }) => billed).length,
      settledPercent: (100 * settled) / jobs.length,
    };
  }

  it(`come ${LEAST} times at least, or this proves nothing`, () =>
    expect(figures().ambiguous).toBeGreaterThanOrEqual(LEAST));

  it('hold all invariants', () =>
    expect(describeViolations(checkInvariants(evidence).violations)).toEqual([]));

  it('bring no second job: one is accepted and billed for each', () => {
    const { jobs, accepted, billed } = figures();
    expect({ accepted, billed }).toEqual({ accepted: jobs, billed: jobs });
  });

  it(safety === 'none' ? 'are settled by the callback, 95 % at least' : 'are all settled', () =>
    expect(figures().settledPercent).toBeGreaterThanOrEqual(safety === 'none' ? 95 : 100),
  );
});
