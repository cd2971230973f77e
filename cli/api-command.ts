import { type Command, Option } from 'commander';
import type { EverframeClient } from '../client/everframe-client';
import { clientFromCredentials, type Mode } from './client-from-credentials';
import type { ExitCode } from './exit-codes';
import { type CliEnvironment, createTerminal, type Terminal } from './terminal';

/** Options of every command that speaks to the API. */
export interface CommonOptions {
  readonly json?: true;
  readonly mode?: Mode;
}

export interface ApiContext {
  readonly cli: CliEnvironment;
  readonly terminal: Terminal;
  readonly client: EverframeClient;
  /** Of the key that the client uses. */
  readonly mode: Mode;
}

/** Runs the body of such a command; its exit code becomes the process's. */
export type RunApiCommand = (
  options: CommonOptions,
  body: (context: ApiContext) => Promise<ExitCode>,
) => Promise<void>;

export function createApiCommandRunner(
  cli: CliEnvironment,
  finish: (exitCode: ExitCode) => void,
): RunApiCommand {
  return async (options, body) => {
    const terminal = createTerminal(cli, options.json === true);
    finish(await body({ cli, terminal, ...clientFromCredentials(cli, options.mode) }));
  };
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON document and nothing else on stdout')
    .addOption(
      new Option('--mode <mode>', 'key to use: test runs on the sandbox, live pays').choices([
        'test',
        'live',
      ]),
    );
}
