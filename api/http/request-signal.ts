import type { Response } from 'express';

/** Aborts when the client goes away before the answer is complete, or for one of the reasons given. */
export function requestSignal(response: Response, reasons: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  response.once('close', () => {
    for (const reason of reasons) reason.removeEventListener('abort', abort);
    abort();
  });
  if (reasons.some(({ aborted }) => aborted)) abort();
  else for (const reason of reasons) reason.addEventListener('abort', abort, { once: true });
  return controller.signal;
}
