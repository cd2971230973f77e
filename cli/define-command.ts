import type { Command, Option } from 'commander';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from './api-command';
import { type ExitCode, exitCodes } from './exit-codes';

/** A command that is one operation of the API: what it takes, what it calls, how its answer reads. */
export interface CommandDefinition<Answer, Options extends object> {
  /** Name and arguments, such as `pause <workflow> <scheduleId>`. */
  readonly usage: string;
  readonly description: string;
  /** What its group does when no command of it is named. */
  readonly isDefault?: true;
  readonly options?: readonly Option[];
  /** @param words - The arguments, in order. */
  readonly call: (context: ApiContext, options: Options, ...words: string[]) => Promise<Answer>;
  /** For people; with `--json` the answer is printed as it is. */
  readonly tell: (answer: Answer) => string;
  /** 0 unless the answer says otherwise. */
  readonly exitCode?: (answer: Answer) => ExitCode;
}

export function addCommand<Answer, Options extends object>(
  group: Command,
  run: RunApiCommand,
  definition: CommandDefinition<Answer, Options>,
): void {
  const { usage, description, isDefault = false, options = [], call, tell } = definition;
  const command = addCommonOptions(group.command(usage, { isDefault })).description(description);
  for (const option of options) command.addOption(option);
  command.action(() => {
    const given = command.opts<CommonOptions & Options>();
    return run(given, async (context) => {
      const answer = await call(context, given, ...command.args);
      context.terminal.answer(answer, () => tell(answer));
      return definition.exitCode?.(answer) ?? exitCodes.ok;
    });
  });
}
