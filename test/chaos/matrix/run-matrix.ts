import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from '../../../sandbox/core/faults';
import { aGraph, type BuiltGraph } from '../../support/graph-builder';
import { collectEvidence } from '../evidence/collect-evidence';
import type { ClientEvidence, Evidence, Violation } from '../evidence/evidence';
import { checkInvariants } from '../invariants/check-invariants';
import { chaosNodeType, chaosProviderId } from '../provider/chaos-classes';
import { ChaosSystem } from '../system/chaos-system';
import { untilOvertaken } from '../system/zombie';
import { watchRun, type WatchedRun } from '../system/watch-run';
import { allowedEnds, type Cell, type CellEnd } from './cells';

export interface CellResult {
  readonly cell: Cell;
  readonly wasHit: boolean;
  /** `other` with the reason, when it ended in a way that no cell may. */
  readonly end: CellEnd | `other: ${string}`;
  readonly seconds: number;
  /** From the blow to the next change of the run that a caller could see. */
  readonly recoveryMs: number | undefined;
  readonly violations: readonly Violation[];
}

/** Twice the heartbeat time-out of workflows/step-activities.ts, and until another worker has taken over. */
const STOP_MS = 8_000;
/** Beyond the lease (10 s) and the request time limit of the suite (3 s). */
const STOP_LONG_MS = 16_000;
/** What the other worker has ahead of the zombie. */
const AHEAD_MS = 1_000;
/** What a process that wakes up late still does, it has done by then. */
const AFTERMATH_MS = 2_500;
const CELL_LIMIT_MS = 150_000;

/**
 * Runs cells one after the other in each of a few systems at once, then holds the witnesses of each system against one
 * another. @returns a result for each cell, and what cannot be pinned on one run
 */
export async function runMatrix(
  cells: readonly Cell[],
  lanes: number,
): Promise<{ readonly results: readonly CellResult[]; readonly others: readonly Violation[] }> {
  const shares = Array.from({ length: lanes }, (_, lane) =>
    cells.filter((__, index) => index % lanes === lane),
  );
  const done = await Promise.all(shares.map((share) => runLane(share)));
  return {
    results: done.flatMap((lane) => lane.results),
    others: done.flatMap((lane) => lane.others),
  };
}

async function runLane(cells: readonly Cell[]) {
  const chaos = await ChaosSystem.start({ servers: 'shared' });
  try {
    const runs: CellRun[] = [];
    for (const cell of cells) runs.push(await runCell(chaos, cell));
    const known = runs.filter(({ cell }) => !allowedEnds(cell).includes('submission_unknown'));
    const mustBeKnown = new Set(known.map(({ executionId }) => executionId));
    const evidence = { ...(await collectEvidence(chaos, runs)), mustBeKnown };
    const { violations } = checkInvariants(evidence);
    const results = runs.map(({ executionId, cell, hitAtMs, end, seconds }) => {
      const own = violations.filter((violation) => violation.executionId === executionId);
      const recoveryMs = hitAtMs === undefined ? undefined : nextChangeMs(evidence, executionId, hitAtMs);
      return { cell, wasHit: hitAtMs !== undefined, end, seconds, recoveryMs, violations: own };
    });
    const others = violations.filter(({ executionId }) => executionId === undefined);
    return { results, others };
  } finally {
    await chaos.stop();
  }
}

function nextChangeMs({ database }: Evidence, executionId: string, sinceMs: number): number | undefined {
  const next = database.events.find(
    ({ execution_id, at }) => execution_id === executionId && at.getTime() > sinceMs,
  );
  return next && next.at.getTime() - sinceMs;
}

export interface CellRun extends ClientEvidence, Pick<CellResult, 'cell' | 'end' | 'seconds'> {
  readonly hitAtMs: number | undefined;
}

/** Runs one cell to its end. @param faults - Of providers; none unless given */
export async function runCell(
  chaos: ChaosSystem,
  cell: Cell,
  faults: readonly FaultRule[] = faultsOf(cell),
): Promise<CellRun> {
  const startedMs = performance.now();
  const client = chaos.client();
  await bothWorkers(chaos);
  await chaos.setFaults(faults);
  chaos.arm(cell.place, cell.action === 'stop_long' ? 'stop' : cell.action);
  const started = client.execute(graphOf(cell));
  const acting = actOnHit(
    chaos,
    cell,
    started.then((receipt) => receipt.executionId),
  );
  const { executionId } = await started;
  const watched = await watchRun(client, executionId, CELL_LIMIT_MS);
  chaos.disarm(cell.place);
  const hitAtMs = await acting.stop();
  const seconds = (performance.now() - startedMs) / 1_000;
  return { executionId, views: watched.views, cell, hitAtMs, end: endOf(watched.end), seconds };
}

/** A callback alone brings the id of a job whose answer is lost: only then is it more than a hint. */
function faultsOf({ place, safety }: Cell): readonly FaultRule[] {
  const needsCallback = place.startsWith('callback.');
  return needsCallback ? [{ action: 'accept_then_drop', provider: chaosProviderId(safety), nth: 1 }] : [];
}

/** text → paid picture → its copy in another size → second paid picture. */
export function graphOf(cell: Pick<Cell, 'safety'> & Partial<Cell>): BuiltGraph {
  const type = chaosNodeType(cell.safety);
  return aGraph(`${cell.action ?? 'nothing'} at ${cell.place ?? 'nowhere'} ${randomUUID()}`)
    .node('first', type)
    .edge('prompt', 'first')
    .node('small', 'image:resize', { width: 32 })
    .edge('first', 'small')
    .node('second', type, { variant: 2 })
    .edge('prompt', 'second')
    .edge('small', 'second', { targetHandle: 'image' })
    .build();
}

function endOf(view: WatchedRun['end']): CellResult['end'] {
  if (view === undefined) return 'other: it did not end';
  if (view.status === 'COMPLETED') return 'COMPLETED';
  const { failure } = view;
  if (failure?.code === 'submission_unknown') return 'submission_unknown';
  return `other: ${view.status} ${failure?.code ?? ''} ${failure?.message ?? ''}`;
}

/** Lets a stopped process go on in its time. @returns when the rule was obeyed, once nobody is stopped any more */
function actOnHit(
  chaos: ChaosSystem,
  cell: Cell,
  executionId: Promise<string>,
): { stop: () => Promise<number | undefined> } {
  const over = new AbortController();
  const acted = (async () => {
    let pid = chaos.hitBy(cell.place);
    for (; pid === undefined; pid = chaos.hitBy(cell.place)) {
      if (over.signal.aborted) return undefined;
      await sleep(20);
    }
    const hitAtMs = Date.now();
    if (cell.action === 'stop' || cell.action === 'stop_long') await letGoOn(chaos, cell, pid, executionId);
    return hitAtMs;
  })();
  return {
    stop: () => {
      over.abort();
      return acted;
    },
  };
}

async function letGoOn(
  chaos: ChaosSystem,
  { action }: Cell,
  pid: number,
  executionId: Promise<string>,
): Promise<void> {
  const isWorker = chaos.pidsOf('worker').includes(pid);
  await Promise.all([
    sleep(action === 'stop' ? STOP_MS : STOP_LONG_MS),
    isWorker && untilOvertaken(chaos, await executionId, pid).then(() => sleep(AHEAD_MS)),
  ]);
  process.kill(pid, 'SIGCONT');
  await sleep(AFTERMATH_MS);
}

/** A cell begins with both workers and the API alive, so that it does not depend on the one before. */
async function bothWorkers(chaos: ChaosSystem): Promise<void> {
  const alive = (): number => chaos.pidsOf('worker').length + chaos.pidsOf('api').length;
  while (alive() < 3) await sleep(50);
}
