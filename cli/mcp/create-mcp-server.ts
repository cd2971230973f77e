import { once } from 'node:events';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js' with { 'resolution-mode': 'import' };
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js' with { 'resolution-mode': 'import' };
import { z } from 'zod';
import type { EverframeClient } from '../../client/everframe-client';
import { EverframeError } from '../../client/everframe-error';
import { RELEASE } from '../../pipeline/release';
import type { Tool, ToolEffect } from './tool';
import { tools } from './tools';

export interface McpServerOptions {
  readonly client: EverframeClient;
  /** Tools that do other things are left out, so that an agent cannot even ask for them. */
  readonly effects: readonly ToolEffect[];
}

/**
 * An MCP server of the tools in tools.ts. The SDK is loaded here and not with the file: it would slow every other command
 * down by a third of a second.
 */
export async function createMcpServer({ client, effects }: McpServerOptions): Promise<McpServer> {
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const server = new McpServer(
    { name: 'everframe', version: RELEASE },
    {
      instructions:
        'Durable AI media pipelines. Find node types with list_models, check a graph with quote_workflow, start it with run_workflow, look at it with get_execution, go on after a failure with resume_execution.',
    },
  );
  for (const tool of tools.filter(({ effect }) => effects.includes(effect))) register(server, tool, client);
  return server;
}

/** Serves until the host goes away or the signal aborts. */
export async function serveOnStdio(server: McpServer, signal: AbortSignal): Promise<void> {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const closed = new Promise<void>((resolve) => (server.server.onclose = resolve));
  await server.connect(new StdioServerTransport());
  await Promise.race([closed, once(process.stdin, 'end'), once(signal, 'abort')]);
  await server.close();
}

function register(server: McpServer, tool: Tool, client: EverframeClient): void {
  const { name, title, description, effect, input } = tool;
  const annotations = {
    readOnlyHint: effect === 'reads',
    destructiveHint: effect !== 'reads',
    openWorldHint: effect === 'spends',
  };
  server.registerTool(
    name,
    { title, description, inputSchema: input, annotations },
    async (given: unknown) => {
      try {
        return answer(await tool.run(client, given));
      } catch (error) {
        return failure(error);
      }
    },
  );
}

/** Whole in both forms: not every host shows structured content to its model. */
function answer(value: unknown): CallToolResult {
  const document = z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(value)));
  return { content: [{ type: 'text', text: JSON.stringify(document) }], structuredContent: document };
}

/** What the API says, which also tells how to mend it. */
function failure(error: unknown): CallToolResult {
  if (!(error instanceof EverframeError)) throw error;
  const { code, message, issues, retryAfterSeconds } = error;
  const { requiredCredits, availableCredits } = error.body;
  const told = { error: message, code, issues, retryAfterSeconds, requiredCredits, availableCredits };
  return { content: [{ type: 'text', text: JSON.stringify(told) }], isError: true };
}
