/**
 * Runs named jobs, `width` at a time, and prints one line for each as it ends: its name, its seconds, and, only when it
 * failed, what went wrong.
 *
 * @param jobs `{ name, run }`; `run` answers `{ passed, failed, report }`
 * @returns the sums of passed and failed
 */
export async function runJobs(jobs, width = 2) {
  const waiting = [...jobs];
  const total = { passed: 0, failed: 0 };
  const runWaiting = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const result = await runJob(job);
      total.passed += result.passed;
      total.failed += result.failed;
    }
  };
  await Promise.all(Array.from({ length: width }, runWaiting));
  return total;
}

async function runJob({ name, run }) {
  const startedAt = performance.now();
  const result = await run().catch((error) => ({ passed: 0, failed: 1, report: error.stack }));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = result.failed === 0 ? 'ok' : 'FAILED';
  console.log(`${verdict.padEnd(6)} ${name.padEnd(18)} ${seconds.padStart(6)} s`);
  if (result.failed > 0) console.log(`\n${result.report.trim()}\n`);
  return result;
}
