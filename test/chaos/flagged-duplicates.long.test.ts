import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { collectEvidence } from './evidence/collect-evidence';
import type { Evidence } from './evidence/evidence';
import { Books } from './invariants/books';
import { checkInvariants, describeViolations } from './invariants/check-invariants';
import { report } from './report';
import { ChaosSystem } from './system/chaos-system';
import { watchRun, type WatchedRun } from './system/watch-run';

const RUNS = 12;
const LIMIT_MS = 10 * 60_000;
const PRICE = 20;

/**
 * The one way in which Everframe knowingly risks to pay twice, which all other tests of the suite have turned off: below
 * `EVERFRAME_RESUBMIT_BELOW_CREDITS`, a job whose answer and callback are both lost is sent once more.
 */
describe('answers and callbacks lost for good, of jobs that are cheap enough to be sent once more', () => {
  let evidence: Evidence;

  beforeAll(async () => {
    evidence = await loseEverything();
    const duplicates = acceptedByStep().filter((jobs) => jobs.length === 2).length;
    report(`resubmitted below ${PRICE + 1} credits: ${duplicates} duplicates in ${RUNS} runs, all flagged`);
  }, LIMIT_MS);

  const acceptedByStep = () => [
    ...new Books(evidence).byJob((job) => `${job.execution_id}/${job.step}`).values(),
  ];

  it('are made twice, and no third time', () =>
    expect(acceptedByStep().map((jobs) => jobs.length)).toEqual(Array.from({ length: RUNS }, () => 2)));

  it('are all flagged: the job that was sent again, its node, and what the caller is shown', () => {
    const { jobs, nodes } = evidence.database;
    const again = jobs.filter(({ generation }) => generation === 2);
    expect(again.map((job) => [job.generation_reason, job.possible_duplicate, job.state])).toEqual(
      Array.from({ length: RUNS }, () => ['policy', true, 'SETTLED']),
    );
    const paid = nodes.filter(({ step }) => step === 'paid');
    expect(paid.map((node) => node.possible_duplicate)).toEqual(Array.from({ length: RUNS }, () => true));
    const shown = evidence.clients.map(({ views }) => views.at(-1)?.nodes['paid']);
    expect(shown).toEqual(
      Array.from({ length: RUNS }, () =>
        expect.objectContaining({ status: 'COMPLETED', possibleDuplicate: true, credits: PRICE }),
      ),
    );
  });

  it('hold all invariants', () =>
    expect(describeViolations(checkInvariants(evidence).violations)).toEqual([]));
});

async function loseEverything(): Promise<Evidence> {
  const environment = { EVERFRAME_RESUBMIT_BELOW_CREDITS: String(PRICE + 1) };
  const chaos = await ChaosSystem.start({ servers: 'shared', environment });
  try {
    await chaos.setFaults([{ action: 'accept_then_drop', times: RUNS }, { action: 'lose_webhook' }]);
    const runs = await Promise.all(Array.from({ length: RUNS }, () => runOne(chaos)));
    return await collectEvidence(chaos, runs);
  } finally {
    await chaos.stop();
  }
}

async function runOne(chaos: ChaosSystem): Promise<WatchedRun> {
  const graph = aGraph(`lost for good ${randomUUID()}`).node('paid', 'chaos:none').edge('prompt', 'paid');
  const client = chaos.client();
  const { executionId } = await client.execute(graph.build());
  return watchRun(client, executionId, 120_000);
}
