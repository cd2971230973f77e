import { type Command, Option } from 'commander';
import type {
  DeadLetterDetail,
  DeadLetterFilters,
  DeadLetterView,
  RedriveReceipt,
  RedriveSelection,
} from '../../client/dead-letter-types';
import type { Page, ResumeReceipt } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type ApiContext, type CommonOptions, type RunApiCommand } from '../api-command';
import { usageError } from '../cli-error';
import { type ExitCode, exitCodes } from '../exit-codes';
import { describeReceipt } from '../execution/describe-receipt';
import { positiveInteger } from '../option-values';

interface FilterOptions extends CommonOptions {
  readonly provider?: string;
  readonly code?: string;
  readonly nodeType?: string;
  readonly from?: string;
  readonly to?: string;
}

interface RedriveOptions extends FilterOptions {
  readonly dryRun?: true;
  readonly perMinute?: number;
}

/** `everframe dead-letters [list|show|redrive]`: what failed at every candidate. */
export function addDeadLettersCommand(program: Command, run: RunApiCommand): void {
  const letters = program
    .command('dead-letters')
    .description('list, show and try again what failed at every candidate');
  addListCommand(letters, run);
  addCommonOptions(letters.command('show'))
    .argument('<deadLetterId>')
    .description('show why one failed and what it was given')
    .action((id: string, options: CommonOptions) =>
      run(options, async ({ terminal, client }) => {
        const letter = await client.getDeadLetter(id);
        terminal.answer(letter, () => describeLetter(letter));
        return exitCodes.ok;
      }),
    );
  addFilters(addCommonOptions(letters.command('redrive')))
    .argument('[deadLetterIds...]')
    .option('--dry-run', 'show count and price only; nothing is started')
    .option('--per-minute <count>', 'executions that go on per minute', positiveInteger)
    .description('try again: named ones, or all open ones that match')
    .action((ids: readonly string[], options: RedriveOptions) =>
      run(options, (context) => redrive(context, ids, options)),
    );
}

function addListCommand(letters: Command, run: RunApiCommand): void {
  addFilters(letters.command('list', { isDefault: true }))
    .option('--json', 'print one JSON document and nothing else on stdout')
    .addOption(new Option('--mode <mode>', 'only those of this mode').choices(['test', 'live']))
    .addOption(
      new Option('--state <state>', 'only those of this state')
        .choices(['open', 'redriven', 'resolved', 'all'])
        .default('open'),
    )
    .option('--redrive-id <id>', 'only those that this redrive took in')
    .option('--limit <count>', 'at most this many, 1 to 100', positiveInteger, 20)
    .option('--cursor <cursor>', 'go on after the page before')
    .description('list them, newest first')
    .action(({ json, ...filters }: DeadLetterFilters & CommonOptions) =>
      run({ json }, async ({ terminal, client }) => {
        const page = await client.listDeadLetters(filters);
        terminal.answer(page, () => describePage(page));
        return exitCodes.ok;
      }),
    );
}

function addFilters(command: Command): Command {
  return command
    .option('--provider <id>', 'that this provider was asked for, such as fal')
    .option('--code <code>', 'with this failure code; with --provider, of that provider')
    .option('--node-type <type>', 'of this node type')
    .option('--from <time>', 'that failed then or later, ISO 8601 such as 2027-01-31T08:00:00Z')
    .option('--to <time>', 'that failed before then');
}

async function redrive(
  { terminal, client }: ApiContext,
  ids: readonly string[],
  { dryRun, perMinute, provider, code, nodeType, from, to }: RedriveOptions,
): Promise<ExitCode> {
  const filters = { provider, code, nodeType, from, to };
  const [only] = ids;
  if (only !== undefined && ids.length === 1 && perMinute === undefined) {
    const receipt = await (dryRun ? client.previewRedrive(only) : client.redriveDeadLetter(only));
    terminal.answer(receipt, () => describeOne(receipt));
    return exitCodes.ok;
  }
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  if (isFiltered === ids.length > 0) {
    throw usageError('Name dead letters, or say which by --provider, --code, --node-type, --from or --to.');
  }
  const selection: RedriveSelection = {
    ...(isFiltered ? filters : { ids }),
    ...(perMinute === undefined ? {} : { throttle: { perMinute } }),
  };
  const receipt = await (dryRun ? client.previewRedrives(selection) : client.redriveDeadLetters(selection));
  terminal.answer(receipt, () => describeMany(receipt));
  return exitCodes.ok;
}

function describePage({ data, nextCursor }: Page<DeadLetterView>): string {
  if (data.length === 0) return 'no dead letters';
  const rows = data.map((letter) => [
    letter.deadLetterId,
    letter.state,
    letter.executionId,
    letter.nodeId,
    letter.nodeType,
    reasons(letter),
    priceOf(letter.price),
    letter.failedAt,
  ]);
  const heading = ['dead letter', 'state', 'execution', 'node', 'type', 'reasons', 'credits', 'failed'];
  const table = alignColumns([heading, ...rows]);
  return nextCursor === null ? table : `${table}\n\nMore with: --cursor ${nextCursor}`;
}

function reasons({ failure }: DeadLetterView): string {
  const each = failure.candidates?.map(({ provider, code }) => `${provider} ${code}`) ?? [];
  return each.length === 0 ? failure.code : each.join(', ');
}

function describeLetter(letter: DeadLetterDetail): string {
  const { failure, redrive } = letter;
  const candidates = (failure.candidates ?? []).map(
    ({ provider, model, code, message }) => `  ${provider} ${model}: ${code}: ${message}`,
  );
  return [
    `${letter.deadLetterId}  ${letter.state}`,
    `execution  ${letter.executionId} (attempt ${letter.attempt})`,
    `node       ${letter.nodeId}, ${letter.nodeType}, "${letter.label}"`,
    `failed     ${letter.failedAt}, ${letter.timesFailed === 1 ? 'once' : `${letter.timesFailed} times`}`,
    `price      ${priceOf(letter.price)} credits for this node once more`,
    ...(redrive?.refusal ? [`refused    ${redrive.refusal.message}`] : []),
    ...(redrive?.dueAt ? [`due        ${redrive.dueAt} (${redrive.redriveId})`] : []),
    `reason     ${failure.code}: ${failure.message}`,
    ...candidates,
    `inputs     ${JSON.stringify(letter.inputs, null, 2)}`,
  ].join('\n');
}

function describeOne(receipt: ResumeReceipt): string {
  return `execution                ${receipt.executionId}\n${describeReceipt(receipt)}`;
}

function describeMany({ redriveId, letters, executions, price, ...receipt }: RedriveReceipt): string {
  const rows = executions.map(({ executionId, deadLetterIds, dueAt, receipt: own, refusal }) => [
    executionId,
    String(deadLetterIds.length),
    own === null ? '' : priceOf(own.quote),
    dueAt ?? `refused: ${refusal?.message ?? ''}`,
  ]);
  return [
    ...(rows.length === 0
      ? ['no dead letters match']
      : [alignColumns([['execution', 'letters', 'credits', 'goes on'], ...rows])]),
    '',
    `${letters} dead letters, ${priceOf(price)} credits; ${receipt.availableCredits} are available`,
    ...(receipt.hasMore ? ['More match: repeat this for the rest.'] : []),
    ...(redriveId === null
      ? []
      : [`See how it goes: everframe dead-letters --state all --redrive-id ${redriveId}`]),
  ].join('\n');
}

function priceOf({
  minCredits,
  maxCredits,
}: {
  readonly minCredits: number;
  readonly maxCredits: number;
}): string {
  return minCredits === maxCredits ? String(minCredits) : `${minCredits} to ${maxCredits}`;
}
