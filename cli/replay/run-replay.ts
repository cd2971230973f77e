import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { replayReportSchema, type ReplayReport } from '../../pipeline/replay-report';
import { CliError, usageError } from '../cli-error';
import { exitCodes } from '../exit-codes';
import { findProjectFolder } from '../project-folder';

const answerSchema = z.union([z.object({ report: replayReportSchema }), z.object({ refusal: z.string() })]);

/**
 * Replays a bundle in a process of its own, which gets no environment of ours: neither keys nor addresses.
 * @throws CliError when the file is no bundle, or the process died
 */
export async function runReplay(file: string): Promise<ReplayReport> {
  const program = require.resolve('../../replay/main');
  const isSource = program.endsWith('.ts');
  const hook = ['--require', join(findProjectFolder(), 'scripts', 'typescript-hook.cjs')];
  const child = fork(program, [file], {
    // node-av prints a warning of Node's own about its loader.
    execArgv: isSource ? hook : [],
    env: { TMPDIR: process.env['TMPDIR'] },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let [answer, stderr]: [unknown, string] = [undefined, ''];
  child.once('message', (message) => (answer = message));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw replayDied(exitCode, stderr);
  if ('refusal' in parsed.data) throw usageError(parsed.data.refusal);
  return parsed.data.report;
}

function replayDied(exitCode: number | null, stderr: string): CliError {
  return new CliError({
    message: `the replay ended without a report (${exitCode ?? 'killed'}): ${stderr.slice(-2_000)}`,
    code: 'replay_failed',
    exitCode: exitCodes.fault,
  });
}
