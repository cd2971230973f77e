import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from '../../../sandbox/core/faults';
import { aGraph, type BuiltGraph } from '../../support/graph-builder';
import { collectEvidence } from '../evidence/collect-evidence';
import type { ClientEvidence, Evidence, Violation } from '../evidence/evidence';
import { checkInvariants } from '../invariants/check-invariants';
import { chaosNodeType, chaosProviderId } from '../provider/chaos-classes';
import { ChaosSystem } from '../system/chaos-system';
import { untilClosed, untilGivenUp, untilOvertaken } from '../system/zombie';
import { watchRun, type WatchedRun } from '../system/watch-run';
import { expectedEnd, type Cell, type CellAction, type CellEnd } from './cells';

export interface CellResult {
  readonly cell: Cell;
  readonly wasHit: boolean;
  /** Undefined: whoever was stopped went on in time, so that nothing was shown. */
  readonly expected: CellEnd | undefined;
  /** `other` with the reason, when it ended in a way that no cell may. */
  readonly end: CellEnd | `other: ${string}`;
  readonly seconds: number;
  /** From the blow to the next change of the run that a caller could see. */
  readonly recoveryMs: number | undefined;
  readonly violations: readonly Violation[];
}

/** Of the API, which nobody takes over from: its caller waits. */
const STOP_API_MS = 8_000;
/** Others may be slow to take over from who was stopped; such a try shows nothing. */
const TRIES_MAX = 3;
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
    for (const cell of cells) runs.push(...(await tryCell(chaos, cell)));
    const witnesses = await collectEvidence(chaos, runs);
    const known = runs.filter((run) => expectedOf(run, witnesses) === 'COMPLETED');
    const evidence = { ...witnesses, mustBeKnown: new Set(known.map(({ executionId }) => executionId)) };
    const { violations } = checkInvariants(evidence);
    const results = runs.map((run) => {
      const { executionId, cell, hitAtMs, end, seconds } = run;
      const own = violations.filter((violation) => violation.executionId === executionId);
      const recoveryMs = hitAtMs === undefined ? undefined : nextChangeMs(evidence, executionId, hitAtMs);
      const expected = expectedOf(run, evidence);
      return { cell, wasHit: hitAtMs !== undefined, expected, end, seconds, recoveryMs, violations: own };
    });
    const belongToNoCell = ({ executionId }: Violation): boolean =>
      !runs.some((run) => run.executionId === executionId && run.isMeant);
    // Of a try that showed nothing of its cell, all else must hold.
    return {
      results: results.filter((_, index) => runs[index]?.isMeant),
      others: violations.filter(belongToNoCell),
    };
  } finally {
    await chaos.stop();
  }
}

/** @returns the runs that it took; the last one counts */
async function tryCell(chaos: ChaosSystem, cell: Cell): Promise<readonly CellRun[]> {
  const runs: CellRun[] = [];
  while (runs.length < TRIES_MAX && !runs.at(-1)?.isMeant) runs.push(await runCell(chaos, cell));
  return runs;
}

/** The prompt is the run's own, and no second job of it is sent before the first is done. */
function expectedOf({ cell, prompt, isMeant }: CellRun, { ledger }: Evidence): CellEnd | undefined {
  if (!isMeant) return undefined;
  const expected = expectedEnd(cell);
  if (expected !== 'as_the_provider_knows') return expected;
  const wasAccepted = ledger.some((entry) => entry.accepted && entry.prompt === prompt);
  return wasAccepted ? 'COMPLETED' : 'submission_unknown';
}

function nextChangeMs({ database }: Evidence, executionId: string, sinceMs: number): number | undefined {
  const next = database.events.find(
    ({ execution_id, at }) => execution_id === executionId && at.getTime() > sinceMs,
  );
  return next && next.at.getTime() - sinceMs;
}

export interface CellRun extends ClientEvidence, Pick<CellResult, 'cell' | 'end' | 'seconds'> {
  readonly hitAtMs: number | undefined;
  readonly prompt: string;
  /** False: who was stopped had to go on before what the cell is about could happen. */
  readonly isMeant: boolean;
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
  const prompt = promptOf(cell);
  const started = client.execute(graphOf(cell, prompt));
  const acting = actOnHit(
    chaos,
    cell,
    started.then((receipt) => receipt.executionId),
  );
  const { executionId } = await started;
  const watched = await watchRun(client, executionId, CELL_LIMIT_MS);
  if (watched.end?.status !== 'WAITING') await untilClosed(chaos, executionId);
  chaos.disarm(cell.place);
  const { hitAtMs, isMeant } = await acting.stop();
  const seconds = (performance.now() - startedMs) / 1_000;
  const end = endOf(watched.end);
  return { executionId, views: watched.views, cell, prompt, hitAtMs, isMeant, end, seconds };
}

/** A callback alone brings the id of a job whose answer is lost: only then is it more than a hint. */
function faultsOf({ place, safety }: Cell): readonly FaultRule[] {
  const needsCallback = place.startsWith('callback.');
  return needsCallback ? [{ action: 'accept_then_drop', provider: chaosProviderId(safety), nth: 1 }] : [];
}

/** text → paid picture → its copy in another size → second paid picture. */
export function graphOf(
  cell: Pick<Cell, 'safety'> & Partial<Cell>,
  prompt: string = promptOf(cell),
): BuiltGraph {
  const type = chaosNodeType(cell.safety);
  return aGraph(prompt)
    .node('first', type)
    .edge('prompt', 'first')
    .node('small', 'image:resize', { width: 32 })
    .edge('first', 'small')
    .node('second', type, { variant: 2 })
    .edge('prompt', 'second')
    .edge('small', 'second', { targetHandle: 'image' })
    .build();
}

function promptOf({ action = 'stop', place }: Partial<Cell>): string {
  return `${action} at ${place ?? 'nowhere'} ${randomUUID()}`;
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
): { stop: () => Promise<Pick<CellRun, 'hitAtMs' | 'isMeant'>> } {
  const over = new AbortController();
  const acted = (async () => {
    let pid = chaos.hitBy(cell.place);
    for (; pid === undefined; pid = chaos.hitBy(cell.place)) {
      if (over.signal.aborted) return { hitAtMs: undefined, isMeant: true };
      await sleep(20);
    }
    const hitAtMs = Date.now();
    const isStop = cell.action === 'stop' || cell.action === 'stop_long';
    return { hitAtMs, isMeant: !isStop || (await letGoOn(chaos, cell, pid, executionId)) };
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
): Promise<boolean> {
  const isMeant = await untilDue(chaos, action, pid, executionId);
  process.kill(pid, 'SIGCONT');
  await sleep(AFTERMATH_MS);
  return isMeant;
}

async function untilDue(
  chaos: ChaosSystem,
  action: CellAction,
  pid: number,
  executionId: Promise<string>,
): Promise<boolean> {
  if (!chaos.pidsOf('worker').includes(pid)) {
    await sleep(STOP_API_MS);
    return true;
  }
  return action === 'stop'
    ? untilOvertaken(chaos, await executionId, pid)
    : untilGivenUp(chaos, await executionId);
}

/** A cell begins with both workers and the API alive, so that it does not depend on the one before. */
async function bothWorkers(chaos: ChaosSystem): Promise<void> {
  const alive = (): number => chaos.pidsOf('worker').length + chaos.pidsOf('api').length;
  while (alive() < 3) await sleep(50);
}
