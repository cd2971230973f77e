import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities, DeliveryInput } from './contract';

/** Tells one receiver of one event, again and again for days if need be. The activity judges answers and pauses. */
export async function deliverWebhook(input: DeliveryInput): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await sendDelivery({ ...input, attempt });
    if (result.status === 'ended') return;
    await sleep(result.afterMs);
  }
}

const { sendDelivery } = proxyActivities<Pick<Activities, 'sendDelivery'>>({
  // One call has 15 s; the rest is for a slow database.
  startToCloseTimeout: '45 s',
  summary: 'Call the receiver',
  // What the receiver answers is a result; only failures of our own are repeated by Temporal.
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});
