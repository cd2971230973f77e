import { Gauge, type Registry } from 'prom-client';
import { PROVIDER_CREDENTIALS } from '../pipeline/provider-credentials';
import { circuitBreakers, circuitParts } from '../store/database/circuit-breakers';
import { credentialRests, restParts } from '../store/database/credential-rests';
import { readGauges } from '../store/database/gauges';
import { mediaTaskQueue, providerTaskQueue } from '../workflows/contract';
import type { ApiDependencies } from './dependencies';

/** The shared state is read at most so often, however many scrape, milliseconds. */
const FRESH_MS = 5_000;

type SharedDependencies = Pick<ApiDependencies, 'database' | 'temporal' | 'clock'> & {
  readonly taskQueue: string;
};

/**
 * What all processes share: every API instance tells the same.
 * @returns Reads it anew, unless that was done a moment ago. Never rejects: what does not answer shows as down.
 */
export function addSharedMetrics(registry: Registry, dependencies: SharedDependencies): () => Promise<void> {
  const gauges = createGauges(registry);
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> = Promise.resolve();
  const read = async (): Promise<void> => {
    const [rows, backlog] = await Promise.allSettled([
      readRows(gauges, dependencies),
      readBacklog(gauges, dependencies),
    ]);
    gauges.up.set({ dependency: 'database' }, rows.status === 'fulfilled' ? 1 : 0);
    gauges.up.set({ dependency: 'temporal' }, backlog.status === 'fulfilled' ? 1 : 0);
  };
  return () => {
    const nowMs = dependencies.clock();
    if (nowMs - readAtMs >= FRESH_MS) [readAtMs, reading] = [nowMs, read()];
    return reading;
  };
}

type Gauges = ReturnType<typeof createGauges>;

function createGauges(registry: Registry) {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: readonly Label[]) =>
    new Gauge({ name: `everframe_${name}`, help, labelNames, registers: [registry] });
  return {
    up: gauge('dependency_up', '1 while it answers.', 'dependency'),
    executions: gauge('executions_open', 'Executions that have not ended.', 'status', 'mode'),
    starts: gauge('execution_starts_pending', 'Accepted executions that Temporal does not have yet.'),
    jobs: gauge('jobs_open', 'Paid jobs without an end, by their state.', 'provider', 'mode', 'state'),
    circuits: gauge(
      'circuits_open',
      'Keys whose circuit is not closed.',
      'provider',
      'model',
      'mode',
      'state',
    ),
    rests: gauge(
      'provider_keys_resting',
      'Keys that are not used for a while.',
      'provider',
      'mode',
      'reason',
    ),
    backlog: gauge(
      'task_queue_backlog',
      'Tasks that wait for a worker, as Temporal counts them.',
      'queue',
      'type',
    ),
  };
}

async function readRows(gauges: Gauges, { database }: SharedDependencies): Promise<void> {
  const [found, circuits, rests] = await Promise.all([
    readGauges(database),
    circuitBreakers.readOpen(database),
    credentialRests.read(database),
  ]);
  for (const each of [gauges.executions, gauges.jobs, gauges.circuits, gauges.rests]) each.reset();
  for (const status of ['RUNNING', 'WAITING'])
    for (const mode of ['test', 'live']) gauges.executions.set({ status, mode }, 0);
  for (const { status, mode, count } of found.executions) gauges.executions.set({ status, mode }, count);
  for (const { provider, mode, state, count } of found.jobs)
    gauges.jobs.set({ provider, mode, state }, count);
  gauges.starts.set(found.pendingStarts);
  for (const { key, state } of circuits) gauges.circuits.inc({ ...circuitParts(key), state });
  for (const { key, reason } of rests) gauges.rests.inc({ ...restParts(key), reason });
}

async function readBacklog(gauges: Gauges, { temporal, taskQueue }: SharedDependencies): Promise<void> {
  const queues = [
    { queue: 'core', name: taskQueue },
    { queue: 'media', name: mediaTaskQueue(taskQueue) },
    ...Object.keys(PROVIDER_CREDENTIALS).map((queue) => ({
      queue,
      name: providerTaskQueue(taskQueue, queue),
    })),
  ];
  const waiting = queues.map(async ({ queue, name }) => {
    gauges.backlog.set({ queue, type: 'activity' }, await temporal.backlog(name, 'activity'));
    if (queue === 'core')
      gauges.backlog.set({ queue, type: 'workflow' }, await temporal.backlog(name, 'workflow'));
  });
  await Promise.all(waiting);
}
