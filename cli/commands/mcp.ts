import { type Command, Option } from 'commander';
import type { Mode } from '../client-from-credentials';
import type { RunApiCommand } from '../api-command';
import { exitCodes } from '../exit-codes';
import { createMcpServer, serveOnStdio } from '../mcp/create-mcp-server';
import type { ToolEffect } from '../mcp/tool';

interface McpOptions {
  readonly mode?: Mode;
  readonly readOnly?: true;
  readonly allowSpending?: true;
}

/** `everframe mcp`: an MCP server on standard input and output, for agents. */
export function addMcpCommand(program: Command, run: RunApiCommand): void {
  program
    .command('mcp')
    .addOption(
      new Option('--mode <mode>', 'key to use: test runs on the sandbox, live pays').choices([
        'test',
        'live',
      ]),
    )
    .option('--read-only', 'offer only tools that change nothing')
    .option('--allow-spending', 'with a live key: also offer the tools that spend money')
    .description('serve the pipelines to an agent by the Model Context Protocol (stdio)')
    .action(({ mode, ...allowed }: McpOptions) =>
      run({ mode }, async ({ cli, client, mode: keyMode }) => {
        const server = await createMcpServer({ client, effects: offered(keyMode, allowed) });
        await serveOnStdio(server, cli.onInterrupt());
        return exitCodes.ok;
      }),
    );
}

/** Play credits may be spent by any agent; money only where its owner has said so. */
function offered(mode: Mode, { readOnly, allowSpending }: McpOptions): readonly ToolEffect[] {
  if (readOnly) return ['reads'];
  return mode === 'live' && !allowSpending ? ['reads', 'changes'] : ['reads', 'changes', 'spends'];
}
