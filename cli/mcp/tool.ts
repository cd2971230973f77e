import type { z } from 'zod';
import type { EverframeClient } from '../../client/everframe-client';

/** What a tool does to the world, for the person who is asked whether it may run. */
export type ToolEffect = 'reads' | 'changes' | 'spends';

/** One operation of the API as an agent sees it. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly effect: ToolEffect;
  readonly input: z.ZodObject;
  /** @param input - As the agent sent it. @throws z.ZodError; EverframeError */
  readonly run: (client: EverframeClient, input: unknown) => Promise<unknown>;
}

/** Declares a tool; the table tools.ts lists it. */
export function defineTool<Input extends z.ZodObject>(
  definition: Omit<Tool, 'run' | 'input'> & {
    readonly input: Input;
    readonly call: (client: EverframeClient, input: z.output<Input>) => Promise<unknown>;
  },
): Tool {
  const { call, ...tool } = definition;
  return { ...tool, run: (client, input) => call(client, definition.input.parse(input)) };
}
