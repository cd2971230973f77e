import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BringUpError } from './bring-up-error';
import { makeWorkFolder, putInPlace } from './temporal-download';

export interface GoBuildOptions {
  /** Path of the go program. */
  readonly go: string;
  /** Where the built program is put, whole or not at all. */
  readonly target: string;
  readonly version: string;
  readonly report: (line: string) => void;
  /** Milliseconds between two progress lines (default 5 s). */
  readonly reportEveryMs?: number;
}

/**
 * Builds the Temporal CLI from its Go module: about 3 minutes on two cores the first time, checked by Go's own
 * checksum database.
 *
 * @throws BringUpError with Go's last lines when the build fails
 */
export async function buildTemporalWithGo(options: GoBuildOptions): Promise<void> {
  const folder = await makeWorkFolder(options.target);
  const startedAt = performance.now();
  const progress = setInterval(() => {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    options.report(`building Temporal ${options.version} with Go (once, about 3 minutes): ${seconds} s`);
  }, options.reportEveryMs ?? 5_000);
  try {
    await runGo(options, folder);
    await putInPlace(join(folder, 'temporal'), options.target);
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
  }
}

function runGo(options: GoBuildOptions, folder: string): Promise<void> {
  const module = `github.com/temporalio/cli/cmd/temporal@v${options.version}`;
  const child = spawn(options.go, ['install', '-ldflags=-s -w', module], {
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString('utf8')).slice(-4_000)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(goFailure(module, output))));
  });
}

function goFailure(module: string, output: string): BringUpError {
  return new BringUpError(
    `building ${module} with Go failed. Put the Temporal CLI on the PATH, or set TEMPORAL_ADDRESS. Go said:\n${output.trim()}`,
  );
}
