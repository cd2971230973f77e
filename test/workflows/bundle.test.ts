import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from '@jest/globals';

/** A schema library alone would add four times this to every cached workflow. */
const BUNDLE_BYTES_MAX = 2_500_000;

describe('the workflow bundle', () => {
  it('builds inside the sandbox and stays small', async () => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: require.resolve('../../workflows'),
      logger: new DefaultLogger('ERROR'),
    });
    expect(code).toContain('runExecution');
    expect(code.length).toBeLessThan(BUNDLE_BYTES_MAX);
    expect(code).not.toContain('ZodError');
  }, 60_000);
});
