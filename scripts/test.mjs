import { checkJobs } from './check.mjs';
import { jestJob } from './lib/jest-job.mjs';
import { runJobs } from './lib/run-jobs.mjs';

/** `npm test`: everything that `npm run check` does, then the tests on real servers, one file after the other. */
export async function test() {
  const checked = await runJobs(checkJobs);
  const integrated = await runJobs([jestJob('integration tests', 'integration', ['--runInBand'])], 1);
  const failed = checked.failed + integrated.failed;
  console.log(`${checked.passed + integrated.passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
