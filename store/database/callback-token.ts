import { createHash, createHmac } from 'node:crypto';

/** Token in a job's callback URL: recomputable from the job id, not guessable without the server's secret. */
export function callbackToken(secret: string, jobId: string): string {
  return createHmac('sha256', secret).update(`callback/${jobId}`).digest('base64url');
}

/** What the job row keeps of its token. */
export function callbackTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
