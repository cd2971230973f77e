import type { Calls } from './calls';
import type { CallOptions } from './types';

/** `prompt`: `${prompts.name}` in a graph. `negative`: appended to every negative prompt. */
export type PromptKind = 'prompt' | 'negative';

export interface SharedPrompt {
  readonly name: string;
  readonly kind: PromptKind;
  readonly text: string;
}

/** Texts that the graphs of the account share. */
export interface PromptsClient {
  list(options?: CallOptions): Promise<readonly (SharedPrompt & { readonly updatedAt: string })[]>;
  /** Executions that run keep the text that they began with. @param prompt.kind - `prompt` unless given. */
  put(
    name: string,
    prompt: { readonly text: string; readonly kind?: PromptKind },
    options?: CallOptions,
  ): Promise<SharedPrompt>;
  delete(name: string, options?: CallOptions): Promise<void>;
}

export function createPromptsClient(calls: Calls): PromptsClient {
  const one = (name: string) => `/prompts/${encodeURIComponent(name)}`;
  return {
    list: async (given) =>
      (await calls.get<{ data: (SharedPrompt & { updatedAt: string })[] }>('/prompts', given)).data,
    put: (name, prompt, given) => calls.replace(one(name), prompt, given),
    delete: (name, given) => calls.discard(one(name), given),
  };
}
