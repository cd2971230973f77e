import { Command } from 'commander';
import { addDemoCommand } from './commands/demo';
import { addUpCommand } from './commands/up';
import { BringUpError, messageOf } from './embedded/bring-up-error';

const program = new Command('everframe')
  .description(
    'Runs AI media pipelines durably on Temporal: each provider job is paid once, through any crash.',
  )
  .showHelpAfterError();

addUpCommand(program);
addDemoCommand(program);

program.parseAsync().catch((error: unknown) => {
  const isExpected = error instanceof BringUpError;
  console.error(`everframe: ${isExpected || !(error instanceof Error) ? messageOf(error) : error.stack}`);
  process.exit(1);
});
