import { sha256 } from '../../core/canonical-json';
import type { Job } from '../../core/job';
import type { Services } from '../../core/services';
import { failureAnswer } from './errors';
import { outputOf } from './views';

/** Signed as docs.fal.ai says: request id, user id, time and body hash, one a line, Ed25519. */
export async function callBack(services: Services, job: Job): Promise<void> {
  if (job.webhookUrl === undefined || job.state === 'canceled') return;
  const body = JSON.stringify(await callbackBody(services, job));
  const userId = 'sandbox-user';
  const settled = await services.webhooks.deliver(job, job.webhookUrl, () => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = services.secrets
      .signEd25519([job.id, userId, timestamp, sha256(body)].join('\n'))
      .toString('hex');
    return {
      body,
      headers: {
        'x-fal-webhook-request-id': job.id,
        'x-fal-webhook-user-id': userId,
        'x-fal-webhook-timestamp': timestamp,
        'x-fal-webhook-signature': signature,
      },
    };
  });
  if (settled) services.jobs.settleWebhook(job);
}

async function callbackBody(services: Services, job: Job): Promise<unknown> {
  const ids = { request_id: job.id, gateway_request_id: job.id };
  if (job.state === 'succeeded')
    return { ...ids, status: 'OK', payload: await outputOf(services, job, services.origin()) };
  const { status, body } = failureAnswer(job);
  return { ...ids, status: 'ERROR', error: `Invalid status code: ${status}`, payload: body };
}
