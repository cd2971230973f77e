import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './tool.mjs';

/** A job that runs one jest project and counts its tests. A test file that cannot run at all counts as one failure. */
export function jestJob(name, project, args = []) {
  return {
    name,
    run: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'everframe-jest-'));
      const resultPath = join(folder, 'result.json');
      try {
        const jestArgs = [
          '--selectProjects',
          project,
          '--silent',
          '--json',
          `--outputFile=${resultPath}`,
          ...args,
        ];
        const { code, output } = await runTool('jest', jestArgs);
        return summarise(readResult(resultPath), code, output);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function summarise(result, code, output) {
  if (result === undefined) return { passed: 0, failed: 1, report: output };
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const messages = result.testResults.filter((file) => file.status === 'failed').map((file) => file.message);
  // An exit code without a failed test: a failing global setup or teardown, or a broken configuration.
  if (code !== 0 && failed === 0) return { passed: result.numPassedTests, failed: 1, report: output };
  return { passed: result.numPassedTests, failed, report: messages.join('\n') };
}

function readResult(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
