import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { LedgerEntry } from '../../../sandbox/core/ledger';
import { openDatabase } from '../../../store/database/database';
import { CHAOS_SECRET, type ChaosSystem } from '../system/chaos-system';
import { executionWorkflowId } from '../../../workflows/contract';
import type {
  ClientEvidence,
  DatabaseEvidence,
  Evidence,
  FileEvidence,
  TemporalRunEvidence,
} from './evidence';

/** Temporal may close a run this long after its row has ended (S4). */
const QUIET_MS = 10_000;
const OPEN_RUNS = `WorkflowType = 'runExecution' and ExecutionStatus = 'Running'`;

/** Asks all four witnesses. To be called when the runs have ended, so that they speak of the same moment. */
export async function collectEvidence(
  chaos: ChaosSystem,
  clients: readonly ClientEvidence[],
): Promise<Evidence> {
  const database = await readDatabase(chaos.system.databaseUrl);
  const waiting = database.executions.filter(({ status }) => status === 'WAITING').map(({ id }) => id);
  const executionIds = new Set([
    ...clients.map((client) => client.executionId),
    ...database.executions.map((row) => row.id),
  ]);
  const temporal = await readTemporal(chaos.system.temporalAddress, executionIds, new Set(waiting));
  const ledger = await readLedger(chaos.system.urls.sandbox);
  return { ledger, database, temporal, files: readFiles(chaos.assetFolder), clients, secret: CHAOS_SECRET };
}

export async function readLedger(sandboxUrl: string): Promise<readonly LedgerEntry[]> {
  const response = await fetch(`${sandboxUrl}/_sandbox/ledger`);
  return ((await response.json()) as { entries: LedgerEntry[] }).entries;
}

async function readDatabase(databaseUrl: string): Promise<DatabaseEvidence> {
  const database = openDatabase(databaseUrl, { poolMax: 2 });
  try {
    const { queries } = database;
    return {
      executions: await queries.selectFrom('executions').selectAll().orderBy('id').execute(),
      nodes: await queries.selectFrom('execution_nodes').selectAll().orderBy('position').execute(),
      jobs: await queries.selectFrom('jobs').selectAll().orderBy('id').execute(),
      sends: await queries.selectFrom('job_sends').selectAll().orderBy('id').execute(),
      entries: await queries.selectFrom('credit_entries').selectAll().orderBy('id').execute(),
      balances: await queries.selectFrom('credit_balances').selectAll().execute(),
      events: await queries.selectFrom('events').selectAll().orderBy('revision').execute(),
      assets: await queries.selectFrom('assets').selectAll().execute(),
      callbacks: await queries.selectFrom('callbacks').selectAll().execute(),
    };
  } finally {
    await database.close();
  }
}

/** Every workflow that runs an execution, found by its own id and by listing all that are open or closed. */
async function readTemporal(
  address: string,
  executionIds: ReadonlySet<string>,
  waiting: ReadonlySet<string>,
): Promise<TemporalRunEvidence[]> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const known = new Map([...executionIds].map((id) => [executionWorkflowId(id), id]));
    const ended = [...known].filter(([, executionId]) => !waiting.has(executionId));
    await untilClosed(client, new Set(ended.map(([workflowId]) => workflowId)));
    const runs: TemporalRunEvidence[] = [];
    for await (const info of client.workflow.list({ query: `WorkflowType = 'runExecution'` })) {
      const executionId = [...known].find(([workflowId]) => info.workflowId.startsWith(workflowId))?.[1];
      if (executionId !== undefined) runs.push(await readRun(client, info, executionId));
    }
    return runs;
  } finally {
    await connection.close();
  }
}

async function untilClosed(client: Client, workflowIds: ReadonlySet<string>): Promise<void> {
  const endsAtMs = performance.now() + QUIET_MS;
  for (let open = 1; open > 0 && performance.now() < endsAtMs;) {
    open = 0;
    for await (const { workflowId } of client.workflow.list({ query: OPEN_RUNS }))
      if (workflowIds.has(workflowId)) open += 1;
    if (open > 0) await sleep(200);
  }
}

async function readRun(
  client: Client,
  { workflowId, runId, status }: { workflowId: string; runId: string; status: { name: string } },
  executionId: string,
): Promise<TemporalRunEvidence> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const ids = new Map<string, string>();
  const completed: string[] = [];
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) ids.set(String(event.eventId), scheduled.activityId ?? '');
    const done = event.activityTaskCompletedEventAttributes;
    if (done) completed.push(ids.get(String(done.scheduledEventId)) ?? '');
  }
  return { workflowId, runId, executionId, status: status.name, scheduled: [...ids.values()], completed };
}

function readFiles(assetFolder: string): FileEvidence[] {
  return foldersOf(assetFolder).flatMap((accountId) =>
    foldersOf(join(assetFolder, accountId))
      .filter((name) => name !== 'temp')
      .flatMap((prefix) => readdirSync(join(assetFolder, accountId, prefix)).map((name) => [prefix, name]))
      .map(([prefix = '', sha256 = '']) => {
        const bytes = readFileSync(join(assetFolder, accountId, prefix, sha256));
        const actualSha256 = createHash('sha256').update(bytes).digest('hex');
        return { accountId, sha256, actualSha256, bytes: bytes.length };
      }),
  );
}

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // nothing was stored
  }
}
