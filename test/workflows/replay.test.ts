import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { HISTORY_FOLDER } from '../support/record-history';

const names = readdirSync(HISTORY_FOLDER).map((file) => path.parse(file).name);

let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

function readHistory(name: string): temporal.api.history.v1.History {
  return temporal.api.history.v1.History.decode(readFileSync(path.join(HISTORY_FOLDER, `${name}.history`)));
}

describe('recorded histories', () => {
  it.each(names)('%s is replayed by today’s workflow code', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, readHistory(name), name);
  });

  it('of every kind of end are there, with plans of old interpreters and of this one', () => {
    const old = names.filter((name) => !name.endsWith('-3'));
    const unchanged = ['delivered', 'delivery-given-up', 'scheduled', 'settled'];
    expect(names.filter((name) => name.endsWith('-3')).sort()).toEqual(
      old
        .filter((name) => !unchanged.includes(name))
        .map((name) => `${name}-3`)
        .sort(),
    );
    expect(old.slice().sort()).toEqual([
      'batch',
      'batch-item',
      'batch-of-reviews',
      'cached',
      'cancelled',
      'cancelled-while-waiting',
      'changed',
      'completed',
      'delivered',
      'delivered-elsewhere',
      'delivery-given-up',
      'drained',
      'failed',
      'fallback',
      'held',
      'mapped',
      'refined',
      'resumed-after-failure',
      'reviewed',
      'routed',
      'scheduled',
      'settled',
      'sub-workflow',
      'superseded-while-waiting',
      'waited-for-a-word',
      'waited-for-budget',
    ]);
  });

  it('with a renamed step are refused', async () => {
    const history = readHistory('completed');
    for (const event of history.events) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) scheduled.activityId = `other-${scheduled.activityId}`;
    }
    await expect(Worker.runReplayHistory({ workflowBundle }, history, 'completed')).rejects.toThrow(
      /TMPRL1100|nondeterminism/i,
    );
  });
});
