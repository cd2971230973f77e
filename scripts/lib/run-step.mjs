import { spawn } from 'node:child_process';
import { projectFolder } from './project-folder.mjs';

const quietMs = 1_000;
const repeatEveryMs = 5_000;

/**
 * Runs a program with its output kept back. A step that takes over a second shows one plain line with the elapsed
 * seconds on stderr, so that stdout is the command's alone (`--json`); the output is shown only when it fails.
 *
 * @throws Error with the end of the output when the program fails
 */
export async function runStep(label, command, args, options = {}) {
  const startedAt = performance.now();
  const timers = showProgress(label, startedAt);
  try {
    const { code, output } = await run(command, args, options);
    if (code !== 0) throw new Error(`${label} failed:\n${output.trimEnd()}`);
  } finally {
    timers.stop();
  }
  const elapsedMs = performance.now() - startedAt;
  if (elapsedMs > quietMs) console.error(`${label}: done in ${(elapsedMs / 1000).toFixed(1)} s`);
}

/**
 * Runs a program to its end and collects what it printed (the last 200 KB).
 *
 * @param options.isShown - Prints it as it comes, too.
 */
export function run(command, args, { env = process.env, cwd = projectFolder, isShown = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk) => (output = (output + chunk).slice(-200_000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    if (isShown) {
      child.stdout.pipe(process.stdout);
      child.stderr.pipe(process.stderr);
    }
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: signal === null ? code : 1, output }));
  });
}

function showProgress(label, startedAt) {
  const show = () => console.error(`${label} … ${Math.round((performance.now() - startedAt) / 1000)} s`);
  const first = setTimeout(show, quietMs);
  const repeat = setInterval(show, repeatEveryMs);
  return {
    stop() {
      clearTimeout(first);
      clearInterval(repeat);
    },
  };
}
