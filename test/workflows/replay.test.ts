import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beforeAll, describe, expect, it } from '@jest/globals';

const FOLDER = path.join(__dirname, '..', 'fixtures', 'histories');
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const RESUMED = 'resumed-after-failure.json';

let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../workflows'),
    logger: new DefaultLogger('ERROR'),
  });
}, 60_000);

function readHistory(name: string): {
  events: { eventId: string; activityTaskScheduledEventAttributes?: { activityId: string } }[];
} {
  return JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as ReturnType<typeof readHistory>;
}

describe('recorded histories', () => {
  it.each(names)('%s is replayed by today’s workflow code', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, readHistory(name), name);
  });

  it('of every kind of end are there', () => {
    expect(names).toEqual(
      expect.arrayContaining(['completed.json', 'failed.json', 'cancelled.json', 'fallback.json', RESUMED]),
    );
  });

  it('with a renamed step are refused', async () => {
    const history = readHistory(RESUMED);
    for (const event of history.events) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) scheduled.activityId = `other-${scheduled.activityId}`;
    }
    await expect(Worker.runReplayHistory({ workflowBundle }, history, RESUMED)).rejects.toThrow(
      /TMPRL1100|nondeterminism/i,
    );
  });
});
