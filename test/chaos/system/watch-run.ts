import { setTimeout as sleep } from 'node:timers/promises';
import type { EverframeClient } from '../../../client/everframe-client';
import type { ExecutionView } from '../../../pipeline/execution-view';
import type { ClientEvidence } from '../evidence/evidence';
import { isOutage } from './patience';

const PAUSE_MS = 250;

export interface WatchedRun extends ClientEvidence {
  /** Undefined: it had not ended after the limit. */
  readonly end: ExecutionView | undefined;
}

/** Watches a run to its end and keeps every state that a caller was shown, also across outages of the API. */
export async function watchRun(
  client: EverframeClient,
  executionId: string,
  limitMs: number,
): Promise<WatchedRun> {
  const views: ExecutionView[] = [];
  const signal = AbortSignal.timeout(limitMs);
  while (!signal.aborted) {
    try {
      for await (const view of client.watch(executionId, { signal })) views.push(view);
      return { executionId, views, end: views.at(-1) };
    } catch (error) {
      if (!signal.aborted && !isOutage(error)) throw error;
      await sleep(PAUSE_MS);
    }
  }
  return { executionId, views, end: undefined };
}
