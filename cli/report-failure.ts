import { CommanderError } from 'commander';
import { EverframeError, type EverframeIssue } from '../client/everframe-error';
import { CliError } from './cli-error';
import { BringUpError, messageOf } from './embedded/bring-up-error';
import { type ExitCode, exitCodes } from './exit-codes';
import type { Terminal } from './terminal';

interface Failure {
  readonly exitCode: ExitCode;
  /** As the API's errors: `{error, code, …details}`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** For people; undefined when they were told already. */
  readonly text: string | undefined;
}

/** Tells what was thrown, as text on stderr or as JSON on stdout. @returns what the process ends with */
export function reportFailure(error: unknown, terminal: Terminal): ExitCode {
  const { exitCode, document, text } = describeFailure(error);
  if (exitCode === exitCodes.ok) return exitCode;
  if (terminal.isJson) terminal.answer(document, () => '');
  else if (text !== undefined) terminal.note(text);
  return exitCode;
}

function describeFailure(error: unknown): Failure {
  if (error instanceof EverframeError) return describeApiFailure(error);
  if (error instanceof CliError) {
    const { message, code, exitCode, details } = error;
    return { exitCode, document: { error: message, code, ...details }, text: `everframe: ${message}` };
  }
  if (error instanceof CommanderError) {
    const exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.refused;
    return { exitCode, document: { error: error.message, code: 'usage' }, text: undefined };
  }
  const isExpected = error instanceof BringUpError || !(error instanceof Error);
  return {
    exitCode: isExpected ? exitCodes.notCompleted : exitCodes.fault,
    document: { error: messageOf(error), code: isExpected ? 'bring_up_failed' : 'fault' },
    text: `everframe: ${isExpected ? messageOf(error) : error.stack}`,
  };
}

function describeApiFailure(error: EverframeError): Failure {
  const { status, code, requestId, issues, body } = error;
  const advice = adviceFor(error);
  const message = [error.message, advice].filter(Boolean).join(' ');
  const origin = requestId === undefined ? code : `${code}, request ${requestId}`;
  const lines = [`everframe: ${message} (${origin})`, ...issues.map(describeIssue), ...describeCredits(body)];
  return {
    exitCode: status === 0 || status >= 500 ? exitCodes.unreachable : exitCodes.refused,
    document: { ...body, error: message, code },
    text: lines.join('\n'),
  };
}

function adviceFor({ status, code }: EverframeError): string {
  if (status === 0) return 'Start it with "npm start", or set EVERFRAME_API_URL to where it runs.';
  if (status === 401)
    return 'Keys are read from EVERFRAME_API_KEY, or from credentials.json in EVERFRAME_HOME.';
  if (code === 'mode_not_allowed') return 'Choose the key with --mode live or --mode test.';
  return '';
}

function describeIssue({ path, message, fix }: EverframeIssue): string {
  return `  ${path === '' ? 'body' : path}: ${message}${fix === '' ? '' : ` Fix: ${fix}`}`;
}

function describeCredits({ requiredCredits, availableCredits }: EverframeError['body']): string[] {
  if (typeof requiredCredits !== 'number' || typeof availableCredits !== 'number') return [];
  return [`  needed: ${requiredCredits} credits; available: ${availableCredits}`];
}
