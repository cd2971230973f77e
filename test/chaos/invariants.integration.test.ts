import { beforeAll, describe, expect, it } from '@jest/globals';
import { aGraph } from '../support/graph-builder';
import { collectEvidence } from './evidence/collect-evidence';
import type { Evidence, JobRow } from './evidence/evidence';
import { checkInvariants, describeViolations } from './invariants/check-invariants';
import { ChaosSystem } from './system/chaos-system';
import { watchRun } from './system/watch-run';

let sound: Evidence;

/** One run over all classes of providers, undisturbed but for one callback that brings a lost answer. */
beforeAll(async () => {
  const chaos = await ChaosSystem.start({ servers: 'shared' });
  try {
    await chaos.setFaults([{ action: 'accept_then_drop', provider: 'chaos-none', nth: 1 }]);
    const graph = aGraph('a sound run')
      .node('none', 'chaos:none')
      .edge('prompt', 'none')
      .node('lookup', 'chaos:lookup')
      .edge('prompt', 'lookup')
      .edge('none', 'lookup', { targetHandle: 'image' })
      .node('idempotent', 'chaos:idempotent')
      .edge('prompt', 'idempotent')
      .edge('lookup', 'idempotent', { targetHandle: 'image' })
      .build();
    const client = chaos.client();
    const { executionId } = await client.execute(graph);
    const run = await watchRun(client, executionId, 60_000);
    const path = `/workflows/executions/${executionId}`;
    const foreignAnswers = [{ executionId, path, status: 404 }];
    sound = { ...(await collectEvidence(chaos, [run])), foreignAnswers };
  } finally {
    await chaos.stop();
  }
}, 120_000);

const submits = () => sound.ledger.filter(({ kind, accepted }) => kind === 'submit' && accepted);
const finishes = () => sound.ledger.filter(({ kind }) => kind === 'finish');

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new Error('The sound run lacks what this test falsifies.');
  return item;
}

function withDatabase(change: Partial<Evidence['database']>): Evidence {
  return { ...sound, database: { ...sound.database, ...change } };
}

function withJob(change: Partial<JobRow>): Evidence {
  const [job, ...others] = sound.database.jobs;
  return withDatabase({ jobs: [{ ...first([job ?? first([])]), ...change }, ...others] });
}

function withExecution(change: Partial<Evidence['database']['executions'][number]>): Evidence {
  return withDatabase({ executions: [{ ...first(sound.database.executions), ...change }] });
}

/** A second acceptance of the first job, under another id at the provider. */
function acceptedAgain(receivedAt = first(submits()).receivedAt): Evidence['ledger'] {
  const [submit, finish] = [first(submits()), first(finishes())];
  const again = { seq: 900, jobId: 'another', receivedAt };
  return [...sound.ledger, { ...submit, ...again }, { ...finish, ...again, seq: 901 }];
}

const falsified: Readonly<Record<string, () => Evidence>> = {
  'P1 a job accepted twice': () => ({ ...sound, ledger: acceptedAgain() }),
  'P2 two paid jobs of one step without a word': () => ({ ...sound, ledger: acceptedAgain() }),
  'P3 a job without a row': () => withDatabase({ jobs: sound.database.jobs.slice(1) }),
  'P3 a row that came after the send': () => withJob({ created_at: new Date() }),
  'P4 another body': () => withJob({ request: { prompt: 'something else' } }),
  'P5 two providers at once': () =>
    withDatabase({ jobs: sound.database.jobs.map((job) => ({ ...job, step: 'one' })) }),
  'P6 a send after the end': () => ({ ...sound, ledger: acceptedAgain(new Date().toISOString()) }),
  'P6 a send that Temporal completed twice': () => ({
    ...sound,
    temporal: sound.temporal.map((run) => ({ ...run, completed: [...run.completed, ...run.completed] })),
  }),
  'R1 a paid result that is not in the run': () => withDatabase({ nodes: sound.database.nodes.slice(0, 1) }),
  'R1 a paid job that was given up': () => withJob({ state: 'FAILED' }),
  'R2 an asset without bytes': () => ({ ...sound, files: sound.files.slice(1) }),
  'R2 an asset with half its bytes': () => ({
    ...sound,
    files: sound.files.map((file) => ({ ...file, bytes: file.bytes / 2 })),
  }),
  'R2 an orphan': () => withDatabase({ assets: sound.database.assets.slice(1) }),
  'R3 an output that changed': () => ({
    ...sound,
    clients: sound.clients.map(({ views, ...client }) => {
      const last = first(views.slice(-1));
      const nodes = Object.entries(last.nodes).map(([id, node]) => [id, { ...node, output: {} }]);
      return { ...client, views: [...views, { ...last, nodes: Object.fromEntries(nodes) }] };
    }),
  }),
  'C1 a hold that is left': () => withExecution({ credits_released: -1 }),
  'C1 a balance that is not the sum of its entries': () =>
    withDatabase({
      balances: sound.database.balances.map((balance) => ({ ...balance, available: balance.available + 1 })),
    }),
  'C1 a second charge': () =>
    withDatabase({
      entries: [...sound.database.entries, ...sound.database.entries.filter(({ kind }) => kind === 'charge')],
    }),
  'C2 a charge above the bill': () => withJob({ credits_charged: 21 }),
  'S1 a run that is not in the database': () => withDatabase({ executions: [] }),
  'S1 a second workflow': () => ({
    ...sound,
    temporal: sound.temporal.flatMap((run) => [run, { ...run, workflowId: `${run.workflowId}-2` }]),
  }),
  'S2 an end after the end': () =>
    withDatabase({
      events: [...sound.database.events, ...sound.database.events.filter(({ type }) => type === 'finished')],
    }),
  'S3 a completed node that runs again': () =>
    withDatabase({
      events: [
        ...sound.database.events,
        { ...first(sound.database.events), type: 'changed', data: { nodes: { none: 'RUNNING' } } },
      ],
    }),
  'S4 a row that Temporal contradicts': () => withExecution({ status: 'FAILED' }),
  'T1 an answer to a stranger': () => ({
    ...sound,
    foreignAnswers: (sound.foreignAnswers ?? []).map((answer) => ({ ...answer, status: 200 })),
  }),
  'T1 a job of another account': () => withJob({ account_id: 'acc_other' }),
  'W1 a callback that is stored twice': () =>
    withDatabase({ callbacks: [...sound.database.callbacks, ...sound.database.callbacks] }),
  'V1 a run that does not end': () => withExecution({ status: 'RUNNING' }),
  'V2 a run that stands still': () => ({
    ...withDatabase({
      events: sound.database.events.map((event, index) =>
        index === 0 ? event : { ...event, at: new Date(event.at.getTime() + 61_000) },
      ),
    }),
    healthySinceMs: 0,
  }),
  'V3 a send of unknown fate that nobody was told of': () => withJob({ state: 'UNKNOWN' }),
};

describe('the checker of the invariants', () => {
  it('finds nothing in a sound run', () => {
    expect(submits()).toHaveLength(3);
    expect(describeViolations(checkInvariants(sound).violations)).toEqual([]);
  });

  it.each(Object.entries(falsified))('finds %s', (name, falsify) => {
    const found = checkInvariants(falsify()).violations.map(({ invariant }) => invariant);
    expect(found).toContain(name.slice(0, 2));
  });
});
