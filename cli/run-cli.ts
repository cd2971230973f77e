import { Command } from 'commander';
import { createApiCommandRunner } from './api-command';
import { addAccountsCommand } from './commands/accounts';
import { addAppsCommand } from './commands/apps';
import { addAssetsCommand } from './commands/assets';
import { addBundleCommand } from './commands/bundle';
import { addCancelCommand } from './commands/cancel';
import { addDeadLettersCommand } from './commands/dead-letters';
import { addCreditsCommand } from './commands/credits';
import { addCallbackSecretCommand, addDeliveriesCommand } from './commands/deliveries';
import { addDemoCommand } from './commands/demo';
import { addExecutionsCommand } from './commands/executions';
import { addKeysCommand } from './commands/keys';
import { addItemsCommand } from './commands/items';
import { addLogsCommand } from './commands/logs';
import { addMcpCommand } from './commands/mcp';
import { addNodesCommand } from './commands/nodes';
import { addOperationsCommand } from './commands/operations';
import { addPollCommand } from './commands/poll';
import { addProviderKeysCommand } from './commands/provider-keys';
import { addSecretsCommand } from './commands/secrets';
import { addPromptsCommand } from './commands/prompts';
import { addQuoteCommand } from './commands/quote';
import { addReplayCommand } from './commands/replay';
import { addResumeCommand } from './commands/resume';
import { addReviewsCommand } from './commands/reviews';
import { addRunCommand } from './commands/run';
import { addSchedulesCommand } from './commands/schedules';
import { addSubscriptionsCommand } from './commands/subscriptions';
import { addTemplatesCommand } from './commands/templates';
import { addUpCommand } from './commands/up';
import { addStatsCommand } from './commands/stats';
import { addUsageCommand } from './commands/usage';
import { addFeedbackCommand } from './commands/variants';
import { addWebhooksCommand } from './commands/webhooks';
import { addWorkflowsCommand } from './commands/workflows';
import { type ExitCode, exitCodes, exitCodesHelp } from './exit-codes';
import { reportFailure } from './report-failure';
import { type CliEnvironment, createTerminal } from './terminal';

/**
 * Runs one command line.
 *
 * @param words what follows the program's name
 * @returns what the process is to end with; failures have been told
 */
export async function runCli(words: readonly string[], cli: CliEnvironment): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  try {
    await createProgram(cli, (code) => (exitCode = code)).parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Not commander's option: the words may be what it cannot parse.
    return reportFailure(error, createTerminal(cli, words.includes('--json')));
  }
}

/** Every command; nothing is read or written before one of them is parsed. */
export function createProgram(cli: CliEnvironment, finish: (exitCode: ExitCode) => void): Command {
  const program = new Command('everframe')
    .description(
      'Runs AI media pipelines durably on Temporal: each provider job is paid once, through any crash.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
    })
    .showHelpAfterError('(see --help)')
    .addHelpText('afterAll', exitCodesHelp);
  addUpCommand(program);
  addDemoCommand(program);
  const run = createApiCommandRunner(cli, finish);
  addRunCommand(program, run);
  addReviewsCommand(program, run);
  addPollCommand(program, run);
  addResumeCommand(program, run);
  addCancelCommand(program, run);
  addQuoteCommand(program, run);
  addExecutionsCommand(program, run);
  addItemsCommand(program, run);
  addLogsCommand(program, run);
  addFeedbackCommand(program, run);
  addWorkflowsCommand(program, run);
  addSchedulesCommand(program, run);
  addWebhooksCommand(program, run);
  addSubscriptionsCommand(program, run);
  addDeliveriesCommand(program, run);
  addCallbackSecretCommand(program, run);
  addAppsCommand(program, run);
  addTemplatesCommand(program, run);
  addPromptsCommand(program, run);
  addDeadLettersCommand(program, run);
  addAssetsCommand(program, run);
  addBundleCommand(program, run);
  addReplayCommand(program, cli, finish);
  addNodesCommand(program, run);
  addKeysCommand(program, run);
  addProviderKeysCommand(program, run);
  addSecretsCommand(program, run);
  addCreditsCommand(program, run);
  addUsageCommand(program, run);
  addStatsCommand(program, run);
  addAccountsCommand(program, run);
  addMcpCommand(program, run);
  addOperationsCommand(program, cli, finish);
  return program;
}
