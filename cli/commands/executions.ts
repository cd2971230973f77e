import { type Command, Option } from 'commander';
import type { ExecutionDetail, ExecutionStatus, ExecutionSummary, JobDetail, Page } from '../../client/types';
import { alignColumns } from '../align-columns';
import type { CommonOptions, RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';
import { exitCodes } from '../exit-codes';
import { positiveInteger } from '../option-values';
import { type Paint, paintStatus } from '../paint';

interface ExecutionsOptions extends CommonOptions {
  readonly status?: ExecutionStatus;
  readonly tag?: string;
  readonly workflow?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const statuses = ['RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED'] satisfies ExecutionStatus[];

/** `everframe executions [list|show]`. */
export function addExecutionsCommand(program: Command, run: RunApiCommand): void {
  const executions = program.command('executions').description('list executions, and show all about one');
  addListCommand(executions, run);
  addCommand(executions, run, {
    usage: 'show <executionId>',
    description: 'every job of an execution: provider, sends, latency, credits',
    call: ({ client }, _options, id: string) => client.getExecution(id),
    tell: describeDetail,
  });
}

/** Newest first, a page at a time; any key sees both modes, `--mode` is a filter here. */
function addListCommand(executions: Command, run: RunApiCommand): void {
  executions
    .command('list', { isDefault: true })
    .option('--json', 'print one JSON document and nothing else on stdout')
    .addOption(new Option('--mode <mode>', 'only those of this mode').choices(['test', 'live']))
    .addOption(new Option('--status <status>', 'only those of this status').choices(statuses))
    .option('--tag <tag>', 'only those with this tag')
    .option('--workflow <id>', 'only those of this workflow')
    .option('--limit <count>', 'at most this many, 1 to 100', positiveInteger, 20)
    .option('--cursor <cursor>', 'go on after the page before')
    .description('list them, newest first')
    .action(({ json, ...filters }: ExecutionsOptions) =>
      run({ json }, async ({ terminal, client }) => {
        const page = await client.listExecutions(filters);
        terminal.answer(page, () => describePage(page, terminal.paint));
        return exitCodes.ok;
      }),
    );
}

function describePage({ data, nextCursor }: Page<ExecutionSummary>, paint: Paint): string {
  if (data.length === 0) return 'no executions';
  const rows = data.map((execution) => [
    execution.executionId,
    paintStatus(paint, execution.status),
    execution.mode,
    execution.workflowName,
    execution.createdAt,
    String(execution.credits.charged),
    execution.failure?.code ?? execution.tags.join(', '),
  ]);
  const table = alignColumns([
    ['execution', 'status', 'mode', 'workflow', 'created', 'credits', 'failure or tags'],
    ...rows,
  ]);
  return nextCursor === null ? table : `${table}\n\nMore with: --cursor ${nextCursor}`;
}

function describeDetail({ executionId, execution, jobs, createdAt, credits }: ExecutionDetail): string {
  const { status, attempt } = execution;
  const head = `${executionId}  ${status}  attempt ${attempt}  ${createdAt}  ${credits.charged} credits`;
  if (jobs.length === 0) return `${head}\nno jobs at providers`;
  const headings = ['step', 'provider', 'model', 'generation', 'sends', 'latency', 'credits', 'failure'];
  return `${head}\n\n${alignColumns([headings, ...jobs.map(jobCells)])}`;
}

function jobCells(job: JobDetail): string[] {
  const latencyMs = job.sends.reduce((sum, send) => sum + send.latencyMs, 0);
  return [
    ...[job.step, job.provider, job.model, `${job.generation} (${job.generationReason})`],
    ...[String(job.sends.length), `${latencyMs} ms`, String(job.creditsCharged)],
    `${job.failure?.code ?? ''}${job.possibleDuplicate ? ' possible duplicate' : ''}`.trim(),
  ];
}
