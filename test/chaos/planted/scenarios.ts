import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from '../../../sandbox/core/faults';
import { aGraph, type BuiltGraph } from '../../support/graph-builder';
import { readLedger } from '../evidence/collect-evidence';
import type { ClientEvidence, ForeignAnswer } from '../evidence/evidence';
import type { Cell } from '../matrix/cells';
import { graphOf, runCell } from '../matrix/run-matrix';
import type { ChaosSystem } from '../system/chaos-system';
import { askAsStranger, openSecondAccount } from '../system/stranger';
import { watchRun } from '../system/watch-run';
import type { PlantedBugName } from './planted-bugs';

export interface Testimony {
  readonly clients: readonly ClientEvidence[];
  readonly foreignAnswers?: readonly ForeignAnswer[];
}

type Scenario = (chaos: ChaosSystem) => Promise<Testimony>;

const RUN_LIMIT_MS = 60_000;
/** The sweeper looks every three seconds at what is older than three. */
const SWEPT_MS = 9_000;

/** Where each planted bug shows, and where the product as it is holds all invariants. */
export const scenarios: Readonly<Record<PlantedBugName, Scenario>> = {
  B1: crashed({ place: 'accept.after_commit', action: 'kill', safety: 'none' }, [{ action: 'lose_webhook' }]),
  B2: crashed({ place: 'send.after_accept', action: 'kill', safety: 'idempotent' }),
  B3: undisturbed(fallbackGraph(), [{ action: 'slow', provider: 'chaos-none', delayMs: 2_000 }]),
  B4: crashed({ place: 'intent.before', action: 'kill', safety: 'lookup' }),
  B5: crashed({ place: 'send.before_lease_check', action: 'stop_long', safety: 'lookup' }),
  B6: undisturbed(graphOf({ safety: 'lookup' }), [{ action: 'truncate', operation: 'output', nth: 1 }]),
  B7: crashed({ place: 'settle.after_commit', action: 'kill', safety: 'lookup' }),
  B8: undisturbed(graphOf({ safety: 'none' }), [{ action: 'duplicate_webhook' }]),
  B9: crashed({ place: 'step.before_running', action: 'stop', safety: 'lookup' }, [
    { action: 'slow_job', delayMs: 20_000, nth: 2 },
  ]),
  B10: undisturbed(aGraph('lost answer').node('paid', 'chaos:none').edge('prompt', 'paid').build(), [
    { action: 'accept_then_drop', nth: 1 },
    { action: 'slow', operation: 'callback', delayMs: 11_500 },
  ]),
  B11: cancelled,
  B12: askedByAStranger,
  B13: failedAndResumed,
  B14: startedWithoutANote,
};

function crashed(cell: Cell, faults?: readonly FaultRule[]): Scenario {
  return async (chaos) => ({ clients: [await runCell(chaos, cell, faults)] });
}

function undisturbed(graph: BuiltGraph, faults: readonly FaultRule[]): Scenario {
  return async (chaos) => {
    await chaos.setFaults(faults);
    const client = chaos.client();
    const { executionId } = await client.execute(graph);
    return { clients: [await watchRun(client, executionId, RUN_LIMIT_MS)] };
  };
}

function fallbackGraph(): BuiltGraph {
  return aGraph('slow send').node('paid', 'chaos:fallback').edge('prompt', 'paid').build();
}

/** Temporal has the run, the API dies before it notes that, and no worker is there to tell: the sweeper must find out. */
async function startedWithoutANote(chaos: ChaosSystem): Promise<Testimony> {
  const workers = chaos.pidsOf('worker');
  workers.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  chaos.arm('exec.after_start', 'kill');
  const client = chaos.client();
  const { executionId } = await client.execute(graphOf({ safety: 'lookup' }));
  await sleep(SWEPT_MS);
  workers.forEach((pid) => process.kill(pid, 'SIGCONT'));
  return { clients: [await watchRun(client, executionId, RUN_LIMIT_MS)] };
}

async function cancelled(chaos: ChaosSystem): Promise<Testimony> {
  await chaos.setFaults([{ action: 'slow_job', delayMs: 30_000 }]);
  const client = chaos.client();
  const { executionId } = await client.execute(graphOf({ safety: 'lookup' }));
  while ((await readLedger(chaos.system.urls.sandbox)).length === 0) await sleep(20);
  await client.cancel(executionId);
  return { clients: [await watchRun(client, executionId, RUN_LIMIT_MS)] };
}

async function askedByAStranger(chaos: ChaosSystem): Promise<Testimony> {
  const key = await openSecondAccount(chaos.system.databaseUrl);
  const testimony = await undisturbed(graphOf({ safety: 'lookup' }), [])(chaos);
  return { ...testimony, foreignAnswers: await askAsStranger(chaos, key, testimony.clients) };
}

async function failedAndResumed(chaos: ChaosSystem): Promise<Testimony> {
  const failed = await undisturbed(graphOf({ safety: 'lookup' }), [{ action: 'fail_job', nth: 2 }])(chaos);
  const [run] = failed.clients;
  if (run === undefined) return failed;
  await chaos.setFaults([]);
  const client = chaos.client();
  await client.resume(run.executionId);
  const again = await watchRun(client, run.executionId, RUN_LIMIT_MS);
  return { clients: [{ ...run, views: [...run.views, ...again.views] }] };
}
