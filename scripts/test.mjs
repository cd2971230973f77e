import { checkJobs } from './check.mjs';
import { jestJob } from './lib/jest-job.mjs';
import { runJobs } from './lib/run-jobs.mjs';
import { runTool } from './lib/tool.mjs';

/** `npm test`: everything that `npm run check` does, then the tests on real servers, one file after the other. */
export async function test() {
  const checked = await runJobs(checkJobs);
  const integrated = await runJobs([jestJob('integration tests', 'integration', ['--runInBand'])], 1);
  const failed = checked.failed + integrated.failed;
  console.log(`${checked.passed + integrated.passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/**
 * `npm run test:long`: what takes minutes, one file after the other, its figures printed as they come.
 *
 * @param patterns - Only the files whose path matches one of them: `npm run test:long -- races`.
 */
export async function testLong(patterns) {
  const files = patterns.length > 0 ? ['--testPathPatterns', ...patterns] : [];
  const { code } = await runTool('jest', ['--selectProjects', 'long', '--runInBand', '--verbose', ...files], {
    isShown: true,
  });
  process.exitCode = code;
}
