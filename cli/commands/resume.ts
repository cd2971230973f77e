import type { Command } from 'commander';
import type { ResumeInput } from '../../client/types';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from '../api-command';
import { describeReceipt } from '../execution/describe-receipt';
import { waitAndShow } from '../execution/finish-command';
import { type ExitCode, exitCodes } from '../exit-codes';
import { positiveInteger } from '../option-values';
import { readGraph } from '../read-graph';

interface ResumeOptions extends CommonOptions {
  readonly graph?: string;
  readonly budget?: number;
  readonly resubmitUnknown?: true;
  readonly dryRun?: true;
  readonly wait?: true;
  readonly out?: string;
}

/** `everframe resume <executionId>`: goes on from the step that failed or waits and shows what is not paid again. */
export function addResumeCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('resume'))
    .argument('<executionId>')
    .option('--graph <edited.json>', 'go on with this graph; finished nodes that are unchanged are kept')
    .option('--budget <credits>', 'new limit for the whole execution (1 credit = US$0.001)', positiveInteger)
    .option('--resubmit-unknown', 'send jobs of unknown fate again, though they may be paid twice')
    .option('--dry-run', 'show the receipt only; nothing is started')
    .option('--wait', 'show progress and stay until the execution ends')
    .option('--out <folder>', "save every node's outputs there (waits, too)")
    .description(
      'go on with an execution that failed, waits or was cancelled, from the step where it stopped',
    )
    .action((executionId: string, options: ResumeOptions) =>
      run(options, (context) => resume(context, executionId, options)),
    );
}

async function resume(
  context: ApiContext,
  executionId: string,
  { graph, budget, resubmitUnknown, dryRun, wait, out }: ResumeOptions,
): Promise<ExitCode> {
  const { cli, terminal, client } = context;
  const edits: ResumeInput = {
    ...(graph === undefined ? {} : readEdits(graph, cli.workingFolder)),
    ...(budget === undefined ? {} : { budgetCredits: budget }),
    ...(resubmitUnknown ? { resubmitUnknown } : {}),
  };
  const receipt = dryRun
    ? await client.previewResume(executionId, edits)
    : await client.resume(executionId, edits);
  if (dryRun || (wait === undefined && out === undefined)) {
    terminal.answer(receipt, () => describeReceipt(receipt));
    return exitCodes.ok;
  }
  const heading = describeReceipt(receipt);
  return waitAndShow(context, executionId, { out, heading, document: { resume: receipt } });
}

/** An execute body may say more than a resume takes, such as tags. */
function readEdits(path: string, workingFolder: string): ResumeInput {
  const { nodes, edges, triggerData, budgetCredits } = readGraph(path, workingFolder);
  return { nodes, edges, triggerData, budgetCredits };
}
