import { parseArgs } from 'node:util';
import { checkJobs } from './check.mjs';
import { jestJob } from './lib/jest-job.mjs';
import { runJobs } from './lib/run-jobs.mjs';
import { runTool } from './lib/tool.mjs';

/**
 * `npm test`: everything that `npm run check` does, then the tests on real servers, two files at a time: each has its own
 * database and task queue, and waits for other processes half of its time.
 */
export async function test() {
  const checked = await runJobs(checkJobs);
  const integrated = await runJobs([jestJob('integration tests', 'integration', ['--maxWorkers=2'])], 1);
  const failed = checked.failed + integrated.failed;
  console.log(`${checked.passed + integrated.passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

/**
 * `npm run test:long`: what takes minutes, one file after the other, its figures printed as they come.
 *
 * @param args - Only the files whose path matches one of them: `npm run test:long -- races`. `--seed 7` replays the random
 * chaos of that seed.
 */
export async function testLong(args) {
  const { values, positionals } = parseArgs({
    args,
    options: { seed: { type: 'string' } },
    allowPositionals: true,
  });
  if (values.seed !== undefined) process.env.EVERFRAME_CHAOS_SEED = values.seed;
  const patterns = positionals.length === 0 && values.seed !== undefined ? ['random-chaos'] : positionals;
  const files = patterns.length > 0 ? ['--testPathPatterns', ...patterns] : [];
  const { code } = await runTool('jest', ['--selectProjects', 'long', '--runInBand', '--verbose', ...files], {
    isShown: true,
  });
  process.exitCode = code;
}
