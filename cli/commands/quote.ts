import type { Command } from 'commander';
import type { Quote } from '../../client/types';
import { alignColumns } from '../align-columns';
import { addCommonOptions, type CommonOptions, type RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';
import { collectTrigger } from '../option-values';
import { readGraph } from '../read-graph';
import { isWorkflowId } from '../workflow-file';

interface QuoteOptions extends CommonOptions {
  readonly trigger?: Readonly<Record<string, unknown>>;
}

/** `everframe quote <graph.json>`: what a run would cost; nothing is started. */
export function addQuoteCommand(program: Command, run: RunApiCommand): void {
  addCommonOptions(program.command('quote'))
    .argument('<graph.json|workflowId>', 'file with {nodes, edges, triggerData?}, or a saved workflow')
    .option(
      '--trigger <key=value>',
      'value of an input node, key=text or key:=json; may be repeated',
      collectTrigger,
    )
    .description('show what a graph would cost, without running it')
    .action((path: string, { trigger, ...options }: QuoteOptions) =>
      run(options, async ({ cli, terminal, client }) => {
        const workflowId = isWorkflowId(path) ? path : undefined;
        const posted = workflowId === undefined ? readGraph(path, cli.workingFolder) : {};
        // Without what only an execution takes, such as tags.
        const { nodes, edges, triggerData, targetNodeIds } = posted;
        const values = trigger === undefined ? triggerData : { ...triggerData, ...trigger };
        const quote = await client.quote(
          { nodes, edges, triggerData: values, targetNodeIds },
          { workflowId },
        );
        terminal.answer(quote, () => describeQuote(quote));
        return exitCodes.ok;
      }),
    );
}

function describeQuote({ nodes, minCredits, maxCredits }: Quote): string {
  const rows = nodes.map((node) => [
    node.nodeId,
    node.nodeType,
    String(node.minCredits),
    String(node.maxCredits),
  ]);
  const total = ['total', '', String(minCredits), String(maxCredits)];
  return alignColumns([['node', 'type', 'min credits', 'max credits'], ...rows, total]);
}
