import type { EverframeClient } from '../../../client/everframe-client';
import type { ExecutionView } from '../../../pipeline/execution-view';
import type { ClientEvidence } from '../evidence/evidence';
import { untilAnswered } from './patience';

/**
 * Watches a run to its end and keeps every state that a caller was shown, also across outages of the API.
 *
 * @throws when it has not ended after `limitMs`
 */
export async function watchRun(
  client: EverframeClient,
  executionId: string,
  limitMs: number,
): Promise<ClientEvidence & { readonly end: ExecutionView | undefined }> {
  const views: ExecutionView[] = [];
  const signal = AbortSignal.timeout(limitMs);
  try {
    await untilAnswered(async () => {
      for await (const view of client.watch(executionId, { signal })) views.push(view);
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const last = views.at(-1);
  return { executionId, views, end: last?.status === 'RUNNING' ? undefined : last };
}
