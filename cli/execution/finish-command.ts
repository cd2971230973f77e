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
  return exitCodeOf(view.status);
}

export function exitCodeOf(status: ExecutionView['status']): ExitCode {
  switch (status) {
    case 'COMPLETED':
    case 'RUNNING':
      return exitCodes.ok;
    case 'WAITING':
      return exitCodes.waiting;
    case 'FAILED':
    case 'CANCELLED':
      return exitCodes.notCompleted;
  }
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

function adviceOn(view: ExecutionView): string {
  const { executionId, status, failure } = view;
  if (status === 'WAITING') return `\n${adviceOnWaiting(executionId, failure?.code)}`;
  const canResume = status === 'CANCELLED' || (status === 'FAILED' && failure.resumable);
  return canResume ? `\nGo on from here with: npx everframe resume ${executionId} --wait` : '';
}

/** What a run waits for is decided by its code; see docs/failures.md. */
function adviceOnWaiting(executionId: string, code: string | undefined): string {
  const resume = `npx everframe resume ${executionId}`;
  switch (code) {
    case 'budget_reached':
      return `It waits for credits. Raise its budget: ${resume} --budget <credits> --wait
or top up: npx everframe credits grant <credits>, then: ${resume} --wait`;
    case 'submission_unknown':
      return `It waits for your word. Look for the job at the provider; ask for it once more: ${resume} --wait
or send it again, though it may be paid twice: ${resume} --resubmit-unknown --wait`;
    default:
      return `It waits for you. Mend what failed, then: ${resume} --wait`;
  }
}
