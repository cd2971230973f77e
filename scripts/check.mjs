import { jestJob } from './lib/jest-job.mjs';
import { runJobs } from './lib/run-jobs.mjs';
import { toolJob } from './lib/tool.mjs';

const rooms = [
  'pipeline',
  'workflows',
  'activities',
  'store',
  'worker',
  'api',
  'sandbox',
  'client',
  'cli',
  'replay',
  'metrics',
  'bench',
  'test',
];

/** Format, lint, types, import rules, dead code and unit tests, the longest first, two at a time. */
export const checkJobs = [
  toolJob('lint', 'eslint', [
    '.',
    '--max-warnings',
    '0',
    '--cache',
    '--cache-location',
    'node_modules/.cache/eslint/',
  ]),
  jestJob('unit tests', 'unit', ['--maxWorkers=100%']),
  toolJob('types', 'tsc', [
    ...['--noEmit', '-p', 'tsconfig.json', '--pretty', 'false'],
    ...['--incremental', '--tsBuildInfoFile', 'node_modules/.cache/types.tsbuildinfo'],
  ]),
  toolJob('format', 'prettier', ['--check', '--log-level', 'warn', '.']),
  toolJob('import rules', 'depcruise', [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'err',
    ...rooms,
  ]),
  toolJob('dead code', 'knip', ['--no-progress', '--no-config-hints']),
];

/** `npm run check`. */
export async function check() {
  const { passed, failed } = await runJobs(checkJobs);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
