import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ triggersPerMinute: 20 });
});
afterAll(() => api.close());

const base = '/api/v1/workflows';
const { nodes, edges, triggerData } = textToImage;

async function aPublishedWorkflow(key = api.account.key): Promise<{ id: string; webhookId: string }> {
  const { body } = await api.call('POST', base, { key, body: { name: 'Hooked', nodes, edges } });
  const published = await api.call('POST', `${base}/${body.workflowId}/publish`, { key, body: {} });
  return { id: body.workflowId, webhookId: published.body.webhookId };
}

const trigger = (webhookId: string, body: unknown = triggerData, headers: Record<string, string> = {}) =>
  api.call('POST', `/api/v1/workflow/${webhookId}/trigger`, { key: '', body, headers });

function signed(secret: string, body: string, at = new Date(), id = 'msg_1'): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

describe('POST /workflow/:webhookId/trigger', () => {
  it('runs the published version without a key, with the body as triggerData', async () => {
    const { id, webhookId } = await aPublishedWorkflow();
    const { status, body } = await trigger(webhookId);
    expect([status, body]).toEqual([202, { executionId: expect.stringMatching(/^exe_/) }]);
    const detail = await api.call('GET', `${base}/executions/${body.executionId}`);
    expect(detail.body).toMatchObject({ workflowId: id, version: 1, mode: 'test' });
    expect(detail.body.triggerData).toEqual(triggerData);
  });

  it('may be called and read by pages of any origin, errors too', async () => {
    const { webhookId } = await aPublishedWorkflow();
    const preflight = await api.call('OPTIONS', `/api/v1/workflow/${webhookId}/trigger`, { key: '' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Content-Type');
    for (const answer of [
      await trigger(webhookId),
      await trigger('whk_none'),
      await trigger(webhookId, '['),
    ]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
    const other = await api.call('GET', '/api/v1/nodes');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('takes JSON under any content type, and no body where the graph needs none', async () => {
    const { webhookId } = await aPublishedWorkflow();
    const plain = await trigger(webhookId, JSON.stringify(triggerData), { 'Content-Type': 'text/plain' });
    expect(plain.status).toBe(202);
    expect((await trigger(webhookId, '')).body.issues[0].code).toBe('input_value_missing');
    for (const body of ['[1]', '"text"', '1']) expect((await trigger(webhookId, body)).status).toBe(422);
    expect((await trigger(webhookId, '{"a":')).body.code).toBe('json_invalid');
    expect((await trigger(webhookId, '{"__proto__":{}}')).body.issues[0].code).toBe('json_key_forbidden');
  });

  it('starts one run for one Idempotency-Key', async () => {
    const { webhookId } = await aPublishedWorkflow();
    const headers = { 'Idempotency-Key': 'form-7' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => trigger(webhookId, triggerData, headers)),
    );
    expect(new Set(answers.map(({ body }) => body.executionId)).size).toBe(1);
    expect((await trigger(webhookId, { prompt: 'other' }, headers)).body.code).toBe('idempotency_key_reused');
  });

  it('tells a caller without a key nothing of what the account owns', async () => {
    const poor = await api.createAccount({ credits: 1 });
    const { webhookId } = await aPublishedWorkflow(poor.key);
    const { status, body } = await trigger(webhookId);
    expect([status, Object.keys(body).toSorted()]).toEqual([402, ['code', 'error', 'requestId']]);
  });

  it('runs in the mode of the key that published', async () => {
    const account = await api.createAccount();
    const live = await api.createAccount({ accountId: account.accountId, mode: 'live' });
    const { id, webhookId } = await aPublishedWorkflow(account.key);
    const { body } = await api.call('POST', `${base}/${id}/publish`, { key: live.key, body: {} });
    expect(body.webhookId).not.toBe(webhookId);
    expect((await trigger(body.webhookId)).body.code).toBe('no_provider_configured');
    expect((await trigger(webhookId)).status).toBe(202);
  });

  it('takes so many calls per minute, each webhook for itself', async () => {
    const [first, second] = [await aPublishedWorkflow(), await aPublishedWorkflow()];
    const answers = await Promise.all(Array.from({ length: 25 }, () => trigger(first.webhookId, '[')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.body.code).toBe('webhook_rate_limited');
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await trigger(second.webhookId)).status).toBe(202);
  });

  it('answers 404 once the workflow is deleted', async () => {
    const { id, webhookId } = await aPublishedWorkflow();
    await api.call('DELETE', `${base}/${id}`);
    expect((await trigger(webhookId)).body.code).toBe('webhook_not_found');
  });
});

describe('a signed webhook', () => {
  const text = JSON.stringify(triggerData);

  async function aSignedWebhook() {
    const { id } = await aPublishedWorkflow();
    const { status, body } = await api.call('POST', `${base}/${id}/webhooks`, { body: { name: 'shop' } });
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({ name: 'shop', signed: true, mode: 'test' }),
    ]);
    expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    return { id, webhookId: String(body.webhookId), secret: String(body.secret) };
  }

  it('runs for a call signed with its secret alone, and once for one webhook-id', async () => {
    const { webhookId, secret } = await aSignedWebhook();
    const first = await trigger(webhookId, text, signed(secret, text));
    expect(first.status).toBe(202);
    expect((await trigger(webhookId, text, signed(secret, text))).body).toEqual(first.body);
    const other = signed(secret, text, new Date(), 'msg_2');
    expect((await trigger(webhookId, text, other)).body.executionId).not.toBe(first.body.executionId);
  });

  it('refuses what is unsigned, changed, signed with another secret, or 300 s off', async () => {
    const { webhookId, secret } = await aSignedWebhook();
    const foreign = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const now = Date.now();
    const { 'webhook-signature': _dropped, ...incomplete } = signed(secret, text);
    for (const [body, headers] of [
      [text, {}],
      [text, incomplete],
      [`${text} `, signed(secret, text)],
      [text, { ...signed(secret, text), 'webhook-id': 'msg_9' }],
      [text, signed(foreign, text)],
      [text, signed(secret, text, new Date(now - 310_000))],
      [text, signed(secret, text, new Date(now + 310_000))],
    ] as const) {
      const answer = await trigger(webhookId, body, headers);
      expect([answer.status, answer.body.code]).toEqual([401, 'signature_invalid']);
    }
    expect((await trigger(webhookId, text, signed(secret, text, new Date(now - 290_000)))).status).toBe(202);
  });

  it('takes the old secret and the new one while they overlap, then the new one alone', async () => {
    const { id, webhookId, secret } = await aSignedWebhook();
    const rotate = (overlapSeconds: number) =>
      api.call('POST', `${base}/${id}/webhooks/${webhookId}/rotate-secret`, { body: { overlapSeconds } });
    const { body } = await rotate(600);
    expect((await trigger(webhookId, text, signed(secret, text, new Date(), 'a'))).status).toBe(202);
    expect((await trigger(webhookId, text, signed(body.secret, text, new Date(), 'b'))).status).toBe(202);
    const last = (await rotate(0)).body.secret;
    for (const old of [secret, body.secret]) {
      expect((await trigger(webhookId, text, signed(old, text, new Date(), 'c'))).status).toBe(401);
    }
    expect((await trigger(webhookId, text, signed(last, text, new Date(), 'd'))).status).toBe(202);
  });

  it('shows its secret once, and keeps it sealed', async () => {
    const { id, secret } = await aSignedWebhook();
    const list = await api.call('GET', `${base}/${id}/webhooks`);
    expect(list.body.data).toHaveLength(2);
    expect(list.text).not.toContain('whsec_');
    const { rows } = await sql<{ text: string }>`select h::text as text from workflow_webhooks h
      union all select k::text from idempotency_keys k`.execute(api.dependencies.database.queries);
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.filter(({ text: row }) => row.includes(secret) || row.includes('whsec_'))).toEqual([]);
  });

  it('made with an Idempotency-Key is made once, and the repeat lacks its secret', async () => {
    const { id } = await aPublishedWorkflow();
    const request = { body: {}, headers: { 'Idempotency-Key': 'hook-1' } };
    const first = await api.call('POST', `${base}/${id}/webhooks`, request);
    const { secret: _secret, ...shown } = first.body;
    expect((await api.call('POST', `${base}/${id}/webhooks`, request)).body).toEqual(shown);
  });
});

describe('a removed webhook', () => {
  it('answers 404, and publishing does not bring it back', async () => {
    const { id, webhookId } = await aPublishedWorkflow();
    expect((await api.call('DELETE', `${base}/${id}/webhooks/${webhookId}`)).status).toBe(204);
    expect((await trigger(webhookId)).status).toBe(404);
    const again = await api.call('POST', `${base}/${id}/publish`, { body: { bump: 'minor' } });
    expect(again.body).toMatchObject({ version: 2, webhookId: null, triggerUrl: null });
  });

  it('is nobody else’s to remove, rotate or list', async () => {
    const { id, webhookId } = await aPublishedWorkflow();
    const { key } = await api.createAccount();
    const one = `${base}/${id}/webhooks/${webhookId}`;
    expect((await api.call('DELETE', one, { key })).status).toBe(404);
    expect((await api.call('POST', `${one}/rotate-secret`, { key, body: {} })).status).toBe(404);
    expect((await api.call('POST', `${base}/${id}/webhooks`, { key, body: {} })).status).toBe(404);
    expect((await api.call('GET', `${base}/${id}/webhooks`, { key })).status).toBe(404);
    expect((await trigger(webhookId)).status).toBe(202);
  });
});
