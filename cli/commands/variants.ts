import { type Command, Option } from 'commander';
import type { VariantStats } from '../../client/workflow-types';
import type { RunApiCommand } from '../api-command';
import { usageError } from '../cli-error';
import { addCommand } from '../define-command';
import { positiveInteger } from '../option-values';
import { describePage } from '../page';
import { workflowIdOf } from '../workflow-file';

/** `everframe workflows variants|promote`: variants of a workflow against each other. */
export function addVariantCommands(workflows: Command, run: RunApiCommand): void {
  addCommand<readonly VariantStats[], { readonly versionOfWorkflow?: number }>(workflows, run, {
    usage: 'variants <workflow>',
    description: 'its variants against each other: feedback, credits, time',
    options: [
      new Option('--version-of-workflow <number>', 'only of this version').argParser(positiveInteger),
    ],
    call: ({ cli, client }, { versionOfWorkflow }, word: string) =>
      client.workflows.variants(workflowIdOf(word, cli.workingFolder), versionOfWorkflow),
    tell: describeVariants,
  });
  addCommand(workflows, run, {
    usage: 'promote <workflow> <variant>',
    description: 'publish a version in which this variant is what all executions run',
    call: ({ cli, client }, _options, word: string, variant: string) =>
      client.workflows.promoteVariant(workflowIdOf(word, cli.workingFolder), variant),
    tell: ({ version, tag }) => `version ${version} (${tag}) is published`,
  });
}

/** `everframe feedback <executionId> <metric> <value>`: what came of an execution outside. */
export function addFeedbackCommand(program: Command, run: RunApiCommand): void {
  addCommand(program, run, {
    usage: 'feedback <executionId> <metric> <value>',
    description: 'note what came of an execution outside, such as a click-through: it counts for its variant',
    call: async ({ client }, _options, executionId: string, metric: string, text: string) => {
      const value = Number(text);
      if (text.trim() === '' || !Number.isFinite(value))
        throw usageError(`The value must be a number, not "${text}".`);
      await client.workflows.giveFeedback(executionId, metric, value);
      return { executionId, metric, value };
    },
    tell: ({ executionId, metric, value }) => `${metric} of ${executionId} is ${value}`,
  });
}

function describeVariants(found: readonly VariantStats[]): string {
  const rows = found.map(
    ({ variant, weight, executions, completed, failed, creditsMean, latencyMs, feedback }) => [
      ...[variant, weight === null ? 'not published' : String(weight)],
      ...[executions, completed, failed].map(String),
      creditsMean === null ? '' : creditsMean.toFixed(1),
      latencyMs === null ? '' : `${(latencyMs.p50 / 1000).toFixed(1)} s`,
      Object.entries(feedback)
        .map(([metric, { mean, count }]) => `${metric} ${mean} (${count})`)
        .join(', '),
    ],
  );
  const headings = ['variant', 'weight', 'runs', 'completed', 'failed', 'credits', 'p50', 'feedback'];
  return describePage(headings, rows, { none: 'no variants' });
}
