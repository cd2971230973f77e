import { type Command, Option } from 'commander';
import type { OutcomesView, StatsView, StatsWindow } from '../../client/stats-types';
import { alignColumns } from '../align-columns';
import type { RunApiCommand } from '../api-command';
import { addCommand } from '../define-command';

/** `everframe stats`: latency, success and cost, in the mode of the key. */
export function addStatsCommand(program: Command, run: RunApiCommand): void {
  addCommand(program, run, {
    usage: 'stats',
    description:
      'latency, success and cost of executions by workflow, node type and model (1 credit = US$0.001)',
    options: [
      new Option('--from <time>', 'ISO 8601, included; 7 days before the end by default'),
      new Option('--to <time>', 'ISO 8601, excluded; now by default'),
      new Option('--workflow <workflowId>', 'of this workflow only, with its variants'),
    ],
    call: ({ client }, { from, to, workflow }: StatsWindow & { readonly workflow?: string }) =>
      client.getStats({ from, to, workflowId: workflow }),
    tell: describeStats,
  });
}

const heading = ['count', 'success', 'p50', 'p95', 'p99', 'credits'];

function describeStats({
  mode,
  from,
  to,
  runs,
  workflows,
  nodeTypes,
  models,
  reasons,
  variants,
}: StatsView): string {
  const rows = [
    ['executions', ...cells(runs)],
    ...workflows.map((each) => [`${each.name} (${each.workflowId})`, ...cells(each)]),
    ...nodeTypes.map((each) => [each.nodeType, ...cells(each)]),
    ...models.map((each) => [`${each.provider} ${each.model}`, ...cells(each)]),
    ...variants.map(({ variant, executions: count, creditsMean, ...each }) => {
      const [counted = '', rate = '', ...times] = cells({
        ...{ count, completed: each.completed, failed: each.failed, credits: 0 },
        ...{ successRate: rateOf(each), latencyMs: each.latencyMs },
      });
      return [
        `variant ${variant}`,
        counted,
        rate,
        ...times.slice(0, 3),
        `${Math.round(creditsMean ?? 0)} each`,
      ];
    }),
  ];
  const why = reasons.map(({ reason, jobs, credits }) => `${reason} ${jobs} (${credits} credits)`);
  return [
    `${mode}, ${from} to ${to}`,
    alignColumns([['', ...heading], ...rows]),
    `jobs: ${why.join(', ') || 'none'}`,
  ].join('\n');
}

function rateOf({
  completed,
  failed,
}: {
  readonly completed: number;
  readonly failed: number;
}): number | null {
  return completed + failed === 0 ? null : completed / (completed + failed);
}

function cells({ count, successRate, latencyMs, credits }: OutcomesView): string[] {
  const rate = successRate === null ? '-' : `${(successRate * 100).toFixed(1)} %`;
  const times = [latencyMs?.p50, latencyMs?.p95, latencyMs?.p99].map(seconds);
  return [String(count), rate, ...times, String(credits)];
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '-' : `${(ms / 1_000).toFixed(1)} s`;
}
