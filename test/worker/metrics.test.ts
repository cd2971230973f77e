import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from '@jest/globals';
import { createWorkerMetrics } from '../../worker/metrics';
import type { Activities, StepInput } from '../../workflows/contract';

const input: StepInput = {
  ...{ executionId: 'exe_1', accountId: 'acc_1', mode: 'test', nodeId: 'cms', step: 'cms' },
  ...{ nodeType: 'output:http', nodeTypeVersion: 1, nodeKey: 'key', config: {}, texts: [], inputs: {} },
  ...{ timeoutSeconds: 60, attemptsMax: 3 },
};

describe('metrics of a worker', () => {
  it('count deliveries that succeed and those that fail for good among the steps', async () => {
    const metrics = createWorkerMetrics();
    let isDown = false;
    const deliverOutput: Activities['deliverOutput'] = () =>
      isDown
        ? Promise.reject(ApplicationFailure.nonRetryable('refused', 'DeliveryFailed'))
        : Promise.resolve({
            outputs: { url: 'https://cms.example.com/1' },
            credits: 0,
            attempts: 1,
            cached: false,
          });
    const unused = () => Promise.reject(new Error('It is not called.'));
    const observed = metrics.observe({
      ...{ submitJob: unused, awaitJob: unused, callProvider: unused, runMedia: unused, runPure: unused },
      ...{ importAsset: unused, deliverOutput },
    });
    await observed.deliverOutput(input);
    isDown = true;
    await expect(observed.deliverOutput(input)).rejects.toThrow('refused');
    const text = await metrics.registry.metrics();
    for (const outcome of ['completed', 'failed'])
      expect(text).toMatch(new RegExp(`steps_total\\{[^}]*outcome="${outcome}"[^}]*\\} 1`));
    expect(text).toMatch(/step_failures_total\{[^}]*code="delivery_failed"[^}]*\} 1/);
  });
});
