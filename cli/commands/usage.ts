import type { Command } from 'commander';
import type { UsageView } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';

interface UsageOptions extends CommonOptions {
  readonly from?: string;
  readonly to?: string;
}

/** `everframe usage`: what the account has used in the mode of the key. */
export function addUsageCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('usage'))
    .option('--from <time>', 'ISO 8601, included; 30 days before the end by default')
    .option('--to <time>', 'ISO 8601, excluded; now by default')
    .description('executions, and credits by day, model and node type (1 credit = US$0.001)')
    .action(({ from, to, ...options }: UsageOptions) =>
      run(options, async ({ terminal, client }) => {
        const used = await client.getUsage({ from, to });
        terminal.answer(used, () => describeUsage(used));
        return exitCodes.ok;
      }),
    );
}

function describeUsage({ mode, from, to, plan, executions, credits, jobs, days, models }: UsageView): string {
  const { started, completed, failed, cancelled } = executions;
  const rows = [
    ...days.map(({ day, ...sum }) => [day, String(sum.credits), String(sum.jobs)]),
    ...models.map(({ provider, model, ...sum }) => [
      `${provider} ${model}`,
      String(sum.credits),
      String(sum.jobs),
    ]),
  ];
  return [
    `${mode}, plan ${plan.name}, ${from} to ${to}`,
    `${started} executions: ${completed} completed, ${failed} failed, ${cancelled} cancelled`,
    `${credits} credits for ${jobs} paid jobs`,
    alignColumns([['day or model', 'credits', 'paid jobs'], ...rows]),
  ].join('\n');
}
