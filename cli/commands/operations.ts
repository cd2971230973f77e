import type { Command } from 'commander';
import { alignColumns } from '../align-columns';
import { type ExitCode, exitCodes } from '../exit-codes';
import { type Face, operations } from '../operations';
import { type CliEnvironment, createTerminal } from '../terminal';

/** `everframe operations`: what each operation of the API is called in the client, here, and for agents. */
export function addOperationsCommand(
  program: Command,
  cli: CliEnvironment,
  finish: (exitCode: ExitCode) => void,
): void {
  program
    .command('operations')
    .option('--json', 'print one JSON document and nothing else on stdout')
    .description('list the operations of the API: client method, command and MCP tool of each')
    .action(({ json }: { readonly json?: true }) => {
      const rows = Object.entries(operations).map(([id, faces]) => [
        ...[id, nameOf(faces.client), nameOf(faces.cli), nameOf(faces.mcp)],
      ]);
      const terminal = createTerminal(cli, json === true);
      terminal.answer(operations, () =>
        alignColumns([['operation', 'client', 'everframe', 'MCP tool'], ...rows]),
      );
      finish(exitCodes.ok);
    });
}

function nameOf(face: Face): string {
  return typeof face === 'string' ? face : '-';
}
