import { setTimeout as sleep } from 'node:timers/promises';
import type { EverframeClient } from '../../../client/everframe-client';
import { EverframeError } from '../../../client/everframe-error';

const PATIENCE_MS = 120_000;
const PAUSE_MS = 250;

/** Repeats what the outage of a server failed, under the same `Idempotency-Key`, as a careful caller does. */
export function patiently(client: EverframeClient): EverframeClient {
  return {
    ...client,
    execute: (input, options) => {
      const idempotencyKey = options?.idempotencyKey ?? crypto.randomUUID();
      return untilAnswered(() => client.execute(input, { ...options, idempotencyKey }));
    },
    resume: (id, edits, options) => {
      const idempotencyKey = options?.idempotencyKey ?? crypto.randomUUID();
      return untilAnswered(() => client.resume(id, edits, { ...options, idempotencyKey }));
    },
    poll: (id, options) => untilAnswered(() => client.poll(id, options)),
    cancel: (id, options) => untilAnswered(() => client.cancel(id, options)),
  };
}

/** Nobody answers, or the answer is a 5xx. */
export function isOutage(error: unknown): boolean {
  return error instanceof EverframeError && (error.status === 0 || error.status >= 500);
}

async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isOutage(error) || performance.now() > endsAtMs) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
