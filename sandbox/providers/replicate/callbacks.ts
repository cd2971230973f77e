import { createHmac } from 'node:crypto';
import { sha256 } from '../../core/canonical-json';
import type { Job } from '../../core/job';
import type { Services } from '../../core/services';
import { prediction } from './prediction';

type WebhookEvent = 'start' | 'output' | 'completed';

/** Whether the caller asked to hear of this event; without a filter, of all. */
export function wants({ webhookUrl, webhookEvents }: Job, event: WebhookEvent): boolean {
  return (
    webhookUrl !== undefined &&
    (webhookEvents === undefined || webhookEvents.length === 0 || webhookEvents.includes(event))
  );
}

/** Tells of a job that ended. */
export async function callBack(services: Services, job: Job): Promise<void> {
  if (wants(job, 'output') && job.state === 'succeeded') await deliver(services, job, 'output');
  if (!wants(job, 'completed') || (await deliver(services, job, 'completed')))
    services.jobs.settleWebhook(job);
}

/** Signed as Standard Webhooks says: HMAC-SHA256 over id, time and body. */
export function deliver(services: Services, job: Job, event: WebhookEvent): Promise<boolean> {
  const body = JSON.stringify(prediction(services, job, services.origin()));
  const id = `msg_${sha256(`${job.id}/${event}`).slice(0, 27)}`;
  return services.webhooks.deliver(job, job.webhookUrl ?? '', () => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac('sha256', services.secrets.hmacKey)
      .update(`${id}.${timestamp}.${body}`)
      .digest('base64');
    return {
      body,
      headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
    };
  });
}
