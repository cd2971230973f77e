import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createGuardedFetch } from '../../activities/guarded-fetch';
import { sendDelivery } from '../../activities/send-delivery';
import { createSweeper } from '../../api/sweeper';
import { deliveryWorkflowId } from '../../workflows/contract';
import { recordWorkflow } from '../support/record-history';
import { until } from '../support/until';
import { failImage, pauseImage } from './support/finished-work';
import { textToImage } from './support/graphs';
import { Receiver, verified, type ReceiverAnswer } from './support/receiver';
import { startTestApi, type TestApi } from './support/test-api';
import { quietTemporal, startTestWorker } from './support/test-worker';

const base = '/api/v1/workflows';
const secretOfProcess = 'a secret of the tests, long enough to be one';
/** Five tries. */
const webhookRetrySeconds = [0, 0.02, 0.02, 0.02, 0.02];
/** Longer than a machine may stand still. */
const WEBHOOK_TIMEOUT_MS = 15_000;

let webhookTimeoutMs = WEBHOOK_TIMEOUT_MS;
/** Happens between a try and the next one. */
let afterTry: () => void | Promise<void> = () => undefined;
let api: TestApi;
let worker: Awaited<ReturnType<typeof startTestWorker>>;
const receivers: Receiver[] = [];
const guardedFetch = createGuardedFetch({ allowedPrivateHosts: ['127.0.0.1'] });

beforeAll(async () => {
  quietTemporal();
  api = await startTestApi();
  const deps = {
    ...{ database: api.dependencies.database, guardedFetch, now: Date.now, random: () => 0 },
    settings: {
      ...{ secret: secretOfProcess, localUrl: api.url, resubmitBelowCredits: 0, workFolder: '' },
      webhookRetrySeconds,
      get webhookTimeoutMs() {
        return webhookTimeoutMs;
      },
    },
  };
  worker = await startTestWorker(api.taskQueue, {
    sendDelivery: async (input) => {
      const result = await sendDelivery(deps, input);
      await afterTry();
      return result;
    },
  });
}, 60_000);

afterEach(async () => {
  webhookTimeoutMs = WEBHOOK_TIMEOUT_MS;
  afterTry = () => undefined;
  await Promise.all(receivers.splice(0).map((receiver) => receiver.stop().catch(() => undefined)));
});

afterAll(async () => {
  await worker.stop();
  await guardedFetch.close();
  await api.close();
});

async function aReceiver(...answers: ReceiverAnswer[]): Promise<Receiver> {
  const receiver = await Receiver.start(...answers);
  receivers.push(receiver);
  return receiver;
}

/** A workflow that is told to the receiver; its secret. */
async function aSubscription(url: string, types?: readonly string[]) {
  const { nodes, edges } = textToImage;
  const { workflowId } = (await api.call('POST', base, { body: { name: 'Told', nodes, edges } })).body;
  await api.call('POST', `${base}/${workflowId}/publish`, { body: {} });
  const { status, body } = await api.call('POST', `${base}/${workflowId}/subscriptions`, {
    body: { url, types },
  });
  expect(status).toBe(201);
  return {
    workflowId: String(workflowId),
    subscriptionId: String(body.subscriptionId),
    secret: String(body.secret),
  };
}

async function aFailedRun(workflowId: string, further: object = {}): Promise<string> {
  const body = { triggerData: textToImage.triggerData, ...further };
  const { executionId } = (await api.call('POST', `${base}/${workflowId}/execute`, { body })).body;
  await failImage(api.dependencies, executionId);
  await createSweeper(api.dependencies).sweep();
  return executionId;
}

/** The one delivery of an execution, with its tries, once it has ended. */
async function ended(executionId: string) {
  let deliveryId = '';
  await until(async () => {
    const { body } = await api.call('GET', `/api/v1/deliveries?executionId=${executionId}`);
    const [delivery] = body.data;
    deliveryId = delivery?.deliveryId;
    return delivery !== undefined && delivery.state !== 'pending';
  });
  return (await api.call('GET', `/api/v1/deliveries/${deliveryId}`)).body;
}

const statusesOf = (delivery: { tries: readonly { httpStatus: number | null }[] }) =>
  delivery.tries.map(({ httpStatus }) => httpStatus);

describe('a subscription', () => {
  it('is told once of the end of each execution, signed as Standard Webhooks says', async () => {
    const receiver = await aReceiver();
    const { workflowId, secret } = await aSubscription(receiver.url);
    const executionId = await aFailedRun(workflowId, { tags: ['night'] });
    const delivery = await ended(executionId);
    expect(receiver.calls).toHaveLength(1);
    expect(verified(receiver.calls[0], secret)).toEqual({
      type: 'execution.failed',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: {
        ...{
          executionId,
          workflowId,
          workflowName: 'Told',
          version: 1,
          mode: 'test',
          status: 'FAILED',
          attempt: 1,
        },
        error: 'fal did not answer.',
        failure: expect.objectContaining({ nodeId: 'image', code: 'provider_unavailable' }),
        tags: ['night'],
        links: { poll: `${api.url}/api/v1/workflows/executions/${executionId}/poll` },
      },
    });
    expect(receiver.calls[0]?.headers['webhook-id']).toBe(delivery.deliveryId);
    expect(delivery).toMatchObject({ state: 'delivered', attempts: 1, lastStatus: 204, lastError: null });
    await recordWorkflow(deliveryWorkflowId({ deliveryId: delivery.deliveryId, round: 1 }), 'delivered');
  });

  it('is told of the kinds of events that it has asked for alone', async () => {
    const receiver = await aReceiver();
    const { workflowId } = await aSubscription(receiver.url, ['execution.waiting']);
    const body = { triggerData: textToImage.triggerData };
    const { executionId } = (await api.call('POST', `${base}/${workflowId}/execute`, { body })).body;
    await pauseImage(api.dependencies, executionId);
    await failImage(api.dependencies, executionId);
    await createSweeper(api.dependencies).sweep();
    await ended(executionId);
    const { body: list } = await api.call('GET', `/api/v1/deliveries?executionId=${executionId}`);
    expect(list.data.map(({ type }: { type: string }) => type)).toEqual(['execution.waiting']);
  });

  it('hears nothing of live executions, of other workflows and of other accounts', async () => {
    const receiver = await aReceiver();
    await aSubscription(receiver.url);
    const silent = await aFailedRun('inline', textToImage);
    const { body } = await api.call('GET', `/api/v1/deliveries?executionId=${silent}`);
    expect(body.data).toEqual([]);
    const { key } = await api.createAccount();
    expect((await api.call('GET', '/api/v1/deliveries', { key })).body.data).toEqual([]);
  });
});

describe('a receiver that is', () => {
  it('down is told once it is up', async () => {
    const receiver = await aReceiver();
    await receiver.stop();
    afterTry = () => {
      afterTry = () => undefined;
      return receiver.restart();
    };
    const { workflowId } = await aSubscription(receiver.url);
    const delivery = await ended(await aFailedRun(workflowId));
    expect(delivery.state).toBe('delivered');
    expect(delivery.tries[0]).toMatchObject({
      number: 1,
      httpStatus: null,
      error: expect.stringMatching(/\w/),
    });
  });

  it('failing is asked as often as the schedule says, then given up', async () => {
    const receiver = await aReceiver({ status: 500 });
    const { workflowId, secret } = await aSubscription(receiver.url);
    const delivery = await ended(await aFailedRun(workflowId));
    expect(delivery).toMatchObject({ state: 'failed', lastError: 'The receiver answered 500.' });
    expect(statusesOf(delivery)).toEqual([500, 500, 500, 500, 500]);
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const call of receiver.calls) verified(call, secret);
    await recordWorkflow(
      deliveryWorkflowId({ deliveryId: delivery.deliveryId, round: 1 }),
      'delivery-given-up',
    );
  });

  it('slow is given up after its time and asked again', async () => {
    const receiver = await aReceiver('hang', { status: 200 });
    webhookTimeoutMs = 1_000;
    afterTry = () => {
      webhookTimeoutMs = WEBHOOK_TIMEOUT_MS;
    };
    const { workflowId } = await aSubscription(receiver.url);
    const delivery = await ended(await aFailedRun(workflowId));
    expect([delivery.state, statusesOf(delivery)]).toEqual(['delivered', [null, 200]]);
    expect(delivery.tries[0].latencyMs).toBeGreaterThanOrEqual(900);
  });

  it('redirecting is not followed', async () => {
    const target = await aReceiver();
    const receiver = await aReceiver({ status: 302, headers: { location: target.url } }, { status: 200 });
    const { workflowId } = await aSubscription(receiver.url);
    const delivery = await ended(await aFailedRun(workflowId));
    expect(statusesOf(delivery)).toEqual([302, 200]);
    expect(target.calls).toEqual([]);
  });

  it('gone is told nothing more until it is enabled again', async () => {
    const receiver = await aReceiver({ status: 410 }, { status: 200 });
    const { workflowId, subscriptionId } = await aSubscription(receiver.url);
    expect(await ended(await aFailedRun(workflowId))).toMatchObject({ state: 'failed', attempts: 1 });
    const { body: list } = await api.call('GET', `${base}/${workflowId}/subscriptions`);
    expect(list.data[0]).toMatchObject({ disabledReason: expect.stringContaining('410') });
    const silent = await aFailedRun(workflowId);
    expect((await api.call('GET', `/api/v1/deliveries?executionId=${silent}`)).body.data).toEqual([]);
    await api.call('POST', `${base}/${workflowId}/subscriptions/${subscriptionId}/enable`);
    expect((await ended(await aFailedRun(workflowId))).state).toBe('delivered');
  });

  it('busy is left alone for as long as it asks', async () => {
    const receiver = await aReceiver({ status: 429, headers: { 'retry-after': '1' } }, { status: 200 });
    const { workflowId } = await aSubscription(receiver.url);
    const delivery = await ended(await aFailedRun(workflowId));
    expect(statusesOf(delivery)).toEqual([429, 200]);
    const [first, second] = delivery.tries.map(({ at }: { at: string }) => Date.parse(at));
    expect(second - first).toBeGreaterThanOrEqual(990);
  });
});

describe('the callbackUrl of an execution', () => {
  it('is called with the secret of the account, and with both while they overlap', async () => {
    const receiver = await aReceiver();
    const { secret } = (await api.call('GET', '/api/v1/callback-secret')).body;
    const rotated = (await api.call('POST', '/api/v1/callback-secret/rotate', { body: {} })).body.secret;
    const executionId = await aFailedRun('inline', { ...textToImage, callbackUrl: receiver.url });
    const delivery = await ended(executionId);
    expect([delivery.subscriptionId, delivery.state]).toEqual([null, 'delivered']);
    for (const each of [secret, rotated])
      expect(verified(receiver.calls[0], each).data.executionId).toBe(executionId);
  });

  it('must be an http or https URL', async () => {
    for (const callbackUrl of ['ftp://a.example', 'javascript:alert(1)', 'nothing', '']) {
      const { status } = await api.call('POST', `${base}/inline/execute`, {
        body: { ...textToImage, callbackUrl },
      });
      expect(status).toBe(422);
    }
  });
});

describe('a redelivery', () => {
  it('tells it again, now, under the same id, whatever became of it', async () => {
    const receiver = await aReceiver({ status: 200 });
    const { workflowId } = await aSubscription(receiver.url);
    const first = await ended(await aFailedRun(workflowId));
    const again = await api.call('POST', `/api/v1/deliveries/${first.deliveryId}/redeliver`);
    expect([again.status, again.body.round, again.body.state]).toEqual([202, 2, expect.any(String)]);
    const calls = await receiver.untilCalled(2);
    expect(calls[1]?.headers['webhook-id']).toBe(first.deliveryId);
    const { key } = await api.createAccount();
    expect((await api.call('POST', `/api/v1/deliveries/${first.deliveryId}/redeliver`, { key })).status).toBe(
      404,
    );
  });

  it('of a removed subscription is cancelled', async () => {
    const receiver = await aReceiver();
    const { workflowId, subscriptionId } = await aSubscription(receiver.url);
    const executionId = await aFailedRun(workflowId);
    const first = await ended(executionId);
    await api.call('DELETE', `${base}/${workflowId}/subscriptions/${subscriptionId}`);
    await api.call('POST', `/api/v1/deliveries/${first.deliveryId}/redeliver`);
    expect((await ended(executionId)).state).toBe('cancelled');
    expect(receiver.calls).toHaveLength(1);
  });
});

describe('deliveries', () => {
  it('survive a crash between the end of an execution and the start of their delivery', async () => {
    const receiver = await aReceiver();
    const { workflowId } = await aSubscription(receiver.url);
    const body = { triggerData: textToImage.triggerData };
    const { executionId } = (await api.call('POST', `${base}/${workflowId}/execute`, { body })).body;
    await failImage(api.dependencies, executionId);
    const { body: pending } = await api.call('GET', `/api/v1/deliveries?executionId=${executionId}`);
    expect(pending.data[0]).toMatchObject({ state: 'pending', attempts: 0 });
    await Promise.all([createSweeper(api.dependencies).sweep(), createSweeper(api.dependencies).sweep()]);
    expect((await ended(executionId)).state).toBe('delivered');
    expect(receiver.calls).toHaveLength(1);
  });

  it('each have one workflow in Temporal', async () => {
    const receiver = await aReceiver();
    const { workflowId } = await aSubscription(receiver.url);
    const { deliveryId } = await ended(await aFailedRun(workflowId));
    await api.dependencies.temporal.startDelivery({ deliveryId, round: 1 });
    const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] });
    const handle = new Client({ connection }).workflow.getHandle(
      deliveryWorkflowId({ deliveryId, round: 1 }),
    );
    await handle.result();
    expect((await handle.describe()).status.name).toBe('COMPLETED');
    await connection.close();
    expect(receiver.calls).toHaveLength(1);
  });
});
