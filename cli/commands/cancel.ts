import type { Command } from 'commander';
import type { CancelReceipt } from '../../client/types';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';

/** `everframe cancel <executionId>`: idempotent. */
export function addCancelCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('cancel'))
    .argument('<executionId>')
    .description('cancel an execution; what is paid already is waited for and kept')
    .action((executionId: string, options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const receipt = await client.cancel(executionId);
        terminal.answer(receipt, () => describeCancel(receipt));
        return exitCodes.ok;
      }),
    );
}

function describeCancel({ executionId, status, cancelRequested }: CancelReceipt): string {
  return cancelRequested
    ? `cancel of ${executionId} is under way. Look at it with: npx everframe poll ${executionId} --wait`
    : `${executionId} had ended before: ${status}`;
}
