import type { Command } from 'commander';
import type { ExecuteInput, ExecuteReceipt } from '../../client/types';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from '../api-command';
import { waitAndShow } from '../execution/finish-command';
import { type ExitCode, exitCodes } from '../exit-codes';
import { collect, collectTrigger, positiveInteger } from '../option-values';
import { readGraph } from '../read-graph';
import { readItems } from '../read-items';
import { isWorkflowId, readVersion } from '../workflow-file';

interface RunOptions extends CommonOptions {
  readonly wait?: true;
  readonly versionOfWorkflow?: string;
  readonly trigger?: Readonly<Record<string, unknown>>;
  readonly budget?: number;
  readonly tag?: readonly string[];
  readonly idempotencyKey?: string;
  readonly out?: string;
  readonly items?: string;
  readonly limit?: number;
  readonly allowPartial?: true;
}

/** `everframe run <graph.json>`: starts a pipeline graph, and with `--wait` stays until it has ended. */
export function addRunCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('run'))
    .argument(
      '<graph.json|workflowId>',
      'file with {nodes, edges, triggerData?}, the body of an execute call, or a saved workflow',
    )
    .option('--version-of-workflow <version>', 'number or tag; the published one unless given')
    .option('--wait', 'show progress and stay until the execution ends')
    .option(
      '--trigger <key=value>',
      'value of an input node, key=text or key:=json; may be repeated',
      collectTrigger,
    )
    .option('--budget <credits>', 'most that the execution may cost (1 credit = US$0.001)', positiveInteger)
    .option('--tag <tag>', 'tag to find the execution by; may be repeated', collect)
    .option(
      '--items <file>',
      'a batch: CSV with a header line, or JSON [{"<node>": value}]; columns are nodes, or node.field',
    )
    .option('--limit <count>', 'with --items: only the first ones', positiveInteger)
    .option('--allow-partial', 'with --items: COMPLETED though items failed')
    .option('--idempotency-key <key>', 'repeats with this key within 24 h start one execution')
    .option('--out <folder>', "save every node's outputs there (waits, too)")
    .description('run a pipeline graph, or a saved workflow')
    .action((path: string, options: RunOptions) =>
      run(options, (context) => runGraph(context, path, options)),
    );
}

async function runGraph(context: ApiContext, path: string, options: RunOptions): Promise<ExitCode> {
  const { cli, terminal, client } = context;
  const { wait, out, idempotencyKey, versionOfWorkflow: version } = options;
  const workflowId = isWorkflowId(path) ? path : undefined;
  const posted =
    workflowId === undefined ? readGraph(path, cli.workingFolder) : { version: readVersion(version) };
  const body = withItems(withOptions(posted, options), options, cli.workingFolder);
  const receipt = await client.execute(body, { idempotencyKey, workflowId });
  if (wait === undefined && out === undefined) {
    terminal.answer(receipt, () => `${describeStart(receipt)}\n${howToLook(receipt)}`);
    return exitCodes.ok;
  }
  return waitAndShow(context, receipt.executionId, { out, heading: describeStart(receipt) });
}

/** What the command line says goes before what the file says. */
function withOptions(input: ExecuteInput, { trigger, budget, tag }: RunOptions): ExecuteInput {
  return {
    ...input,
    ...(trigger && { triggerData: { ...input.triggerData, ...trigger } }),
    ...(budget !== undefined && { budgetCredits: budget }),
    ...(tag && { tags: [...(input.tags ?? []), ...tag] }),
  };
}

function withItems(
  input: ExecuteInput,
  { items, limit, allowPartial }: RunOptions,
  workingFolder: string,
): ExecuteInput {
  if (items === undefined) return input;
  return {
    ...input,
    iteratorConfigs: readItems(items, workingFolder, limit),
    ...(allowPartial && { allowPartial }),
  };
}

function describeStart({ executionId, quote }: ExecuteReceipt): string {
  const { minCredits, maxCredits } = quote;
  const range = minCredits === maxCredits ? String(minCredits) : `${minCredits} to ${maxCredits}`;
  return `execution ${executionId} (${range} credits)`;
}

function howToLook({ executionId }: ExecuteReceipt): string {
  return `Look at it with: npx everframe poll ${executionId} --wait`;
}
