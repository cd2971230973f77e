import type { Response } from 'express';
import type { FaultRule } from './faults';
import { send, type Answer, type ProviderErrors } from './visit';

/** What slow means where a rule does not say. */
const defaultDelayMs = 2_000;

/** The provider's own refusal that a fault stands for; undefined for faults of another kind. */
export function rejectionFor(
  fault: FaultRule,
  errors: ProviderErrors,
  refusal: 'answer' | 'job',
): Answer | undefined {
  const answer = plainRejection(fault, errors, refusal);
  return answer && { ...answer, status: fault.status ?? answer.status };
}

function plainRejection(
  fault: FaultRule,
  errors: ProviderErrors,
  refusal: 'answer' | 'job',
): Answer | undefined {
  switch (fault.action) {
    case 'rate_limit':
      return errors.rateLimited(fault.retryAfterSeconds ?? 1);
    case 'server_error':
      return errors.serverError(fault.status ?? 500);
    case 'unauthorized':
      return errors.unauthorized();
    case 'insufficient_quota':
      return errors.insufficientQuota();
    case 'refuse':
      return refusal === 'answer' ? errors.refused() : undefined;
    case 'fail_job':
      return refusal === 'answer' ? errors.serverError(500) : undefined;
    default:
      return undefined;
  }
}

/** Waits as a `slow` rule says. */
export function linger(fault: FaultRule): Promise<void> {
  return pause(delayOf(fault));
}

export function delayOf(fault: FaultRule): number {
  return fault.delayMs ?? defaultDelayMs;
}

/** Holds the line until the caller gives up, or for `delayMs`, then drops it. */
export async function hang(response: Response, fault: FaultRule): Promise<undefined> {
  await Promise.race([
    pause(fault.delayMs ?? 600_000),
    new Promise((resolve) => response.once('close', resolve)),
  ]);
  response.destroy();
  return undefined;
}

export function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs).unref());
}

/** Begins JSON and stops. */
export function sendMalformed(response: Response): void {
  response.status(200).type('application/json').send('{"status": "IN_QUE');
}

export const wrongBytes = Buffer.from(
  '<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>',
);

/** A gateway's web page with status 200. */
export function sendWrongType(response: Response, contentType = 'text/html'): void {
  send(response, { status: 200, headers: { 'content-type': contentType }, body: wrongBytes });
}

/** Promises all bytes, sends half of them and drops the line. */
export function cutShort(response: Response, headers: Record<string, string>, bytes: Buffer): void {
  response.writeHead(200, { ...headers, 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}
