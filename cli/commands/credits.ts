import type { Command } from 'commander';
import type { CreditsView } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';
import { positiveInteger } from '../option-values';

interface GrantOptions extends CommonOptions {
  readonly key?: string;
  readonly account?: string;
}

/** `everframe credits [show|grant]`. */
export function addCreditsCommand(program: Command, run: RunApiCommand): void {
  const credits = program.command('credits').description("show the account's credits, or add some");
  addCommonOptions(credits.command('show', { isDefault: true }))
    .description('what is available, held and charged (1 credit = US$0.001)')
    .action((options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const found = await client.getCredits();
        terminal.answer(found, () => describeCredits(found));
        return exitCodes.ok;
      }),
    );
  addCommonOptions(credits.command('grant'))
    .argument('<credits>', 'how many; 1 credit is US$0.001', positiveInteger)
    .option('--key <key>', 'such as the id of a payment: counts once, for ever')
    .option('--account <accountId>', 'another account, for operators')
    .description('add credits in the mode of the key, which needs the scope credits:manage')
    .action((amount: number, { key, account, ...options }: GrantOptions) =>
      run(options, async ({ terminal, client }) => {
        const grant = await client.grantCredits({ credits: amount, grantKey: key, accountId: account });
        terminal.answer(
          grant,
          () => `${grant.credits} ${grant.mode} credits granted (${grant.grantKey}, ${grant.createdAt})`,
        );
        return exitCodes.ok;
      }),
    );
}

function describeCredits(credits: CreditsView): string {
  const { mode, availableCredits, heldCredits, chargedCredits, grantedCredits } = credits;
  const amounts = [availableCredits, heldCredits, chargedCredits, grantedCredits].map(String);
  return alignColumns([
    ['mode', 'available', 'held', 'charged', 'granted'],
    [mode, ...amounts],
  ]);
}
