import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { promisify } from 'node:util';

/** On PyPI, 2026-11-26. */
const VERSION = '4.32.5';
const tools = join(__dirname, '../../../.everframe/tools');
const run = promisify(execFile);

export interface FuzzRun {
  readonly exitCode: number;
  readonly output: string;
  /** That were made and sent. */
  readonly requests: number;
}

/** Runs schemathesis, which is installed into the state folder the first time; needs Python 3.10 or later with `venv`. */
export async function runSchemathesis(words: readonly string[], workingFolder: string): Promise<FuzzRun> {
  const command = join(await install(), 'bin', 'schemathesis');
  const child = spawn(command, words, { cwd: workingFolder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  const requests = Number(/Test cases:\s+(\d+) generated/.exec(output)?.[1] ?? 0);
  return { exitCode: child.exitCode ?? -1, output, requests };
}

/** @returns its folder; whole or not there at all */
async function install(): Promise<string> {
  const folder = join(tools, `schemathesis-${VERSION}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(tools, { recursive: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`]);
  await mkdir(join(folder, 'complete'));
  return folder;
}
