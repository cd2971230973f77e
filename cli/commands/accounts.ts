import { type Command, Option } from 'commander';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';

const PLANS = ['free', 'starter', 'pro', 'enterprise', 'self_hosted'];

interface CreateOptions extends CommonOptions {
  readonly plan: string;
}

interface ChangeOptions extends CommonOptions {
  readonly plan: string;
  readonly name: string;
}

/** `everframe accounts list|create|change`: for operators. */
export function addAccountsCommand(program: Command, run: RunApiCommand): void {
  const accounts = program.command('accounts').description('for operators: list, make and change accounts');
  addCommonOptions(accounts.command('list', { isDefault: true }))
    .description('all accounts, oldest first')
    .action((options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const found = await client.listAccounts();
        const rows = found.map(({ accountId, name, plan }) => [accountId, name, plan]);
        terminal.answer(found, () => alignColumns([['account', 'name', 'plan'], ...rows]));
        return exitCodes.ok;
      }),
    );
  addCommonOptions(accounts.command('create'))
    .argument('<name>')
    .addOption(new Option('--plan <plan>', 'what bounds its requests').choices(PLANS).default('free'))
    .description('make an account and its first key, which is shown this once')
    .action((name: string, { plan, ...options }: CreateOptions) =>
      run(options, async ({ terminal, client }) => {
        const made = await client.createAccount({ name, plan });
        const { accountId } = made.account;
        terminal.answer(
          made,
          () => `${made.key ?? ''}\naccount ${accountId} (${name}, ${plan}); it has no credits yet`,
        );
        return exitCodes.ok;
      }),
    );
  addCommonOptions(accounts.command('change'))
    .argument('<accountId>')
    .requiredOption('--name <name>')
    .addOption(new Option('--plan <plan>').choices(PLANS).makeOptionMandatory())
    .description('give an account another name or plan')
    .action((accountId: string, { name, plan, ...options }: ChangeOptions) =>
      run(options, async ({ terminal, client }) => {
        const account = await client.changeAccount({ accountId, name, plan });
        terminal.answer(
          account,
          () => `${account.accountId} is ${account.name}, on the plan ${account.plan}`,
        );
        return exitCodes.ok;
      }),
    );
}
