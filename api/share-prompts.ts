import { sharedPromptNames, takesNegatives, withSharedTexts } from '../pipeline/shared-prompts';
import { prompts } from '../store/database/prompts';
import type { JsonObject } from '../workflows/contract';
import type { ApiDependencies } from './dependencies';

/** Puts the account's shared texts into a graph; one that uses none costs no database access. */
export async function sharePrompts(
  { database }: Pick<ApiDependencies, 'database'>,
  accountId: string,
  graph: JsonObject,
): Promise<JsonObject> {
  if (sharedPromptNames(graph).length === 0 && !takesNegatives(graph)) return graph;
  const found = await prompts.list(database, accountId);
  const ofKind = (kind: 'prompt' | 'negative') => found.filter((prompt) => prompt.kind === kind);
  return withSharedTexts(graph, {
    prompts: Object.fromEntries(ofKind('prompt').map(({ name, text }) => [name, text])),
    negatives: ofKind('negative').map(({ text }) => text),
  });
}
