import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import type { WorkflowInput } from '../../client/workflow-types';
import type { ExecutionView } from '../../pipeline/execution-view';
import { executionWorkflowId } from '../../workflows/contract';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

const DEPLOYMENT = 'upgrade-test';
const OLD = 'n-1';
const NEW = 'n';
/** Of each of the two paid steps of a run; longer than the changes of workers take. */
const JOB_MS = 4_000;

/**
 * Runs in flight across a publication that takes them along, a rollback, an upgrade of the workers and the way back: the
 * sandbox's ledger tells that each step was paid once.
 */
export async function proveUpgrade(runs: number): Promise<void> {
  const test = await TestSystem.start({ EVERFRAME_DEPLOYMENT_NAME: DEPLOYMENT }, { withoutWorker: true });
  try {
    await test.setFaults(
      ['fal-ai/flux-2-pro', 'clarityai/crystal-upscaler'].map((model) => ({
        ...({ model, action: 'slow_job', delayMs: JOB_MS } as const),
      })),
    );
    const old = await addWorker(test, OLD);
    await makeCurrent(test, OLD);
    const { workflows } = test.client;
    const { workflowId } = await workflows.create(aWorkflow(64));
    await workflows.publish(workflowId);
    const first = await start(test, workflowId, 'first', Math.ceil(runs / 2));
    await test.untilAccepted({ prompt: `first ${first.length - 1}.` });

    await workflows.save(workflowId, aWorkflow(32));
    const { migration } = await workflows.publish(workflowId, { inFlight: 'migrate' });
    expect(migration?.qualifies).toHaveLength(first.length);
    const second = await start(test, workflowId, 'second', runs - first.length);
    await test.untilAccepted({ prompt: `second ${second.length - 1}.` });
    await workflows.rollBack(workflowId);

    const next = await addWorker(test, NEW);
    await makeCurrent(test, NEW);
    expect(await test.stopWorker(old)).toBe(0);
    await untilRunsOn(test, second[0] ?? '', NEW);
    await addWorker(test, OLD);
    await makeCurrent(test, OLD);
    expect(await test.stopWorker(next)).toBe(0);

    for (const executionId of [...first, ...second]) {
      const view = await test.client.wait(executionId);
      expect(view).toMatchObject({ status: 'COMPLETED', version: 2, credits: { held: 0 } });
      expect(widthOf(view)).toBe(32);
    }
    const prompts = [...first.map((_, nth) => `first ${nth}.`), ...second.map((_, nth) => `second ${nth}.`)];
    const paid = await test.accepted();
    for (const prompt of prompts)
      expect(paid.filter((entry) => entry.prompt?.includes(prompt) === true)).toHaveLength(1);
    // The upscale has no prompt.
    expect(paid).toHaveLength(2 * runs);
  } finally {
    await test.stop();
  }
}

/** image → upscale → a small copy; versions differ in its width. */
function aWorkflow(width: number): WorkflowInput & { readonly name: string } {
  const { nodes, edges } = aGraph('')
    .node('image', 'generate:flux_2_pro')
    .edge('prompt', 'image')
    .node('upscale', 'image:crystal_upscaler')
    .edge('image', 'upscale')
    .node('small', 'image:resize', { width })
    .edge('upscale', 'small')
    .build();
  return { name: 'Upgrade', nodes, edges };
}

async function start(
  test: TestSystem,
  workflowId: string,
  name: string,
  count: number,
): Promise<readonly string[]> {
  const started = Array.from({ length: count }, (_, nth) =>
    test.client.execute({ triggerData: { prompt: `${name} ${nth}.` } }, { workflowId }),
  );
  return (await Promise.all(started)).map(({ executionId }) => executionId);
}

function addWorker(test: TestSystem, buildId: string): Promise<number> {
  return test.addWorker({ EVERFRAME_BUILD_ID: buildId });
}

/** What an operator does by `temporal worker deployment set-current-version`; a new build is known after a second or two. */
async function makeCurrent(test: TestSystem, buildId: string): Promise<void> {
  const request = { namespace: 'default', deploymentName: DEPLOYMENT, buildId, identity: 'test' };
  for (let isSet = false; !isSet;) {
    isSet = await test.temporal.workflowService.setWorkerDeploymentCurrentVersion(request).then(
      () => true,
      () => sleep(200).then(() => false),
    );
  }
}

async function untilRunsOn(test: TestSystem, executionId: string, buildId: string): Promise<void> {
  const handle = test.temporal.workflow.getHandle(executionWorkflowId(executionId));
  for (;;) {
    const { raw } = await handle.describe();
    const { versioningInfo } = raw.workflowExecutionInfo ?? {};
    if (versioningInfo?.deploymentVersion?.buildId === buildId) return;
    await sleep(100);
  }
}

function widthOf({ nodes }: ExecutionView): unknown {
  const image = nodes['small']?.output['image'];
  return typeof image === 'object' && image !== null && 'width' in image ? image.width : undefined;
}
