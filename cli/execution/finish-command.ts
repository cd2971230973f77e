import { resolve } from 'node:path';
import type { ExecutionView } from '../../client/types';
import type { ApiContext } from '../api-command';
import { CliError } from '../cli-error';
import { messageOf } from '../embedded/bring-up-error';
import { type ExitCode, exitCodes } from '../exit-codes';
import { describeResult } from './describe-result';
import { followExecution } from './follow-execution';
import { type SavedFiles, saveOutputs } from './save-outputs';

interface ShowOptions {
  /** Folder for the outputs' files; nothing is saved without it. */
  readonly out?: string;
  /** Further members of the JSON document. */
  readonly document?: Readonly<Record<string, unknown>>;
}

export interface WaitOptions extends ShowOptions {
  /** Shown first, once Ctrl-C ends the waiting only. */
  readonly heading?: string;
}

/**
 * Waits for the end of an execution with progress, then shows it.
 *
 * @returns the exit code that fits its status
 * @throws CliError `interrupted` on Ctrl-C: the execution goes on
 */
export async function waitAndShow(
  context: ApiContext,
  executionId: string,
  { heading, ...options }: WaitOptions,
): Promise<ExitCode> {
  return showExecution(context, await waitForEnd(context, executionId, heading), options);
}

/** Shows an execution as it is now, after saving its outputs where that was asked for. */
export async function showExecution(
  context: ApiContext,
  view: ExecutionView,
  { out, document }: ShowOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const files = out === undefined ? undefined : await save(context, view, out);
  terminal.answer({ ...view, ...document, ...(files && { files }) }, () => {
    const table = describeResult(view, files, terminal.paint);
    return `\n${table}${adviceOn(view)}`;
  });
  return view.status === 'COMPLETED' || view.status === 'RUNNING' ? exitCodes.ok : exitCodes.notCompleted;
}

async function waitForEnd(
  context: ApiContext,
  executionId: string,
  heading: string | undefined,
): Promise<ExecutionView> {
  const { cli, terminal, client } = context;
  const { show, paint } = terminal;
  const signal = cli.onInterrupt();
  if (heading !== undefined) show(heading);
  try {
    return await followExecution(client, executionId, { show, paint, signal });
  } catch (error) {
    if (signal.aborted) throw interrupted(executionId);
    throw error;
  }
}

function interrupted(executionId: string): CliError {
  return new CliError({
    message: `stopped waiting; the execution goes on. Look again with: npx everframe poll ${executionId} --wait`,
    code: 'interrupted',
    exitCode: exitCodes.interrupted,
    details: { executionId },
  });
}

async function save({ cli, client }: ApiContext, view: ExecutionView, out: string): Promise<SavedFiles> {
  try {
    return await saveOutputs(client, view, resolve(cli.workingFolder, out));
  } catch (cause) {
    const { executionId, status } = view;
    throw new CliError({
      message: `execution ${executionId} is ${status}, but its files cannot be saved in ${out}: ${messageOf(cause)}. Try again with: npx everframe poll ${executionId} --out ${out}`,
      code: 'outputs_not_saved',
      exitCode: exitCodes.refused,
      details: { executionId, status },
      cause,
    });
  }
}

function adviceOn({ executionId, status, failure }: ExecutionView): string {
  const canResume = status === 'CANCELLED' || (status === 'FAILED' && failure.resumable);
  return canResume ? `\nGo on from here with: npx everframe resume ${executionId} --wait` : '';
}
