import type { Response } from 'express';

/** Aborts when the client goes away before the answer is complete, or when the server shuts down. */
export function requestSignal(response: Response, shutdown: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  response.once('close', () => {
    shutdown.removeEventListener('abort', abort);
    abort();
  });
  if (shutdown.aborted) abort();
  else shutdown.addEventListener('abort', abort, { once: true });
  return controller.signal;
}
