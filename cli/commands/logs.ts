import type { Command } from 'commander';
import type { ExecutionEvent } from '../../client/execution-events';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from '../api-command';
import { type ExitCode, exitCodes } from '../exit-codes';

interface LogsOptions extends CommonOptions {
  readonly follow?: true;
}

/** `everframe logs <executionId> [-f]`: every recorded change of an execution. */
export function addLogsCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('logs'))
    .argument('<executionId>')
    .option('-f, --follow', 'stay until the execution has ended')
    .description('every recorded change of an execution, oldest first')
    .action((executionId: string, { follow, ...options }: LogsOptions) =>
      run(options, (context) => printEvents(context, executionId, follow === true)),
    );
}

async function printEvents(
  { cli, terminal, client }: ApiContext,
  executionId: string,
  isFollowing: boolean,
): Promise<ExitCode> {
  const signal = cli.onInterrupt();
  const events: ExecutionEvent[] = [];
  try {
    for await (const event of client.events(executionId, { after: 0, follow: isFollowing, signal })) {
      if (event.type === 'end') break;
      events.push(event);
      if (!terminal.isJson) terminal.show(describe(event));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (terminal.isJson) terminal.answer(events, () => '');
  return signal.aborted ? exitCodes.interrupted : exitCodes.ok;
}

function describe({ revision, type, data: { at, ...data } }: ExecutionEvent): string {
  const time = typeof at === 'string' ? at : ''.padEnd(24);
  const rest = Object.keys(data).length === 0 ? '' : JSON.stringify(data);
  return `${time}  ${String(revision).padStart(4)}  ${type.padEnd(16)} ${rest}`.trimEnd();
}
