import type { Command } from 'commander';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { showExecution, waitAndShow } from '../execution/finish-command';

interface PollOptions extends CommonOptions {
  readonly wait?: true;
  readonly out?: string;
}

/** `everframe poll <executionId>`: the state now, or with `--wait` once it has ended. */
export function addPollCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('poll'))
    .argument('<executionId>')
    .option('--wait', 'show progress and stay until the execution ends')
    .option('--out <folder>', 'save the outputs that there are')
    .description('show the state of an execution')
    .action((executionId: string, { wait, out, ...options }: PollOptions) =>
      run(options, async (context) =>
        wait
          ? waitAndShow(context, executionId, { out })
          : showExecution(context, await context.client.poll(executionId), { out }),
      ),
    );
}
