import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executionViewSchema } from '../../pipeline/execution-view';
import { assets } from '../../store/database/assets';
import { newId } from '../../store/ids';
import { completeImage, failImage, writeAsRun } from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestAccount, type TestApi } from './support/test-api';

let api: TestApi;
/** The next wait for a change ends at once, as if its time were over. */
let isQuiet = false;
beforeAll(async () => {
  api = await startTestApi({
    listener: (real) => ({
      waitForChange: async (...wait) => {
        if (!isQuiet) return real.waitForChange(...wait);
        isQuiet = false;
        return false;
      },
      close: () => real.close(),
    }),
  });
});
afterAll(() => api.close());

async function execute(account: TestAccount = api.account): Promise<string> {
  const { body } = await api.call('POST', '/api/v1/workflows/inline/execute', {
    key: account.key,
    body: textToImage,
  });
  return body.executionId;
}

const pollPath = (executionId: string) => `/api/v1/workflows/executions/${executionId}/poll`;
const startImage = (executionId: string) =>
  writeAsRun(api.dependencies, executionId, (writer) =>
    writer.updateNodes([{ nodeId: 'image', status: 'RUNNING', provider: 'fal', model: 'fal-ai/flux-2-pro' }]),
  );

describe('GET /workflows/executions/:id/poll', () => {
  it('answers the whole state of a running execution', async () => {
    const executionId = await execute();
    const { status, body } = await api.call('GET', pollPath(executionId));
    expect(status).toBe(200);
    expect(executionViewSchema.parse(body)).toMatchObject({
      executionId,
      status: 'RUNNING',
      attempt: 1,
      progress: { total: 2, failed: 0 },
      links: { resume: expect.stringContaining('/resume') },
    });
  });

  it('answers 200 for a failed run, with what failed and what was done', async () => {
    const executionId = await execute();
    await failImage(api.dependencies, executionId);
    const { status, body } = await api.call('GET', pollPath(executionId));
    expect(status).toBe(200);
    expect(executionViewSchema.parse(body)).toMatchObject({
      status: 'FAILED',
      error: 'fal did not answer.',
      failure: {
        nodeId: 'image',
        code: 'provider_unavailable',
        provider: 'fal',
        retryable: true,
        resumable: true,
      },
      nodes: { prompt: { status: 'COMPLETED', output: { text: 'A sunset over a mountain lake' } } },
    });
  });

  it('answers the same 404 for a foreign and an unknown id', async () => {
    const other = await api.createAccount();
    const headers = { 'X-Request-Id': 'same' };
    const foreign = await api.call('GET', pollPath(await execute()), { key: other.key, headers });
    const unknown = await api.call('GET', pollPath(newId('exe')), { key: other.key, headers });
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    expect(foreign.body.code).toBe('execution_not_found');
  });

  it('answers 304 to the ETag that it gave, and 200 with another after a change', async () => {
    const executionId = await execute();
    const first = await api.call('GET', pollPath(executionId));
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"\d+"$/);
    const headers = { 'If-None-Match': etag };
    const same = await api.call('GET', pollPath(executionId), { headers });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    await startImage(executionId);
    const changed = await api.call('GET', pollPath(executionId), { headers });
    expect([changed.status, changed.body.nodes.image.status]).toEqual([200, 'RUNNING']);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  it('holds a wait with an ETag until the state changes', async () => {
    const executionId = await execute();
    const { headers } = await api.call('GET', pollPath(executionId));
    const waiting = api.call('GET', `${pollPath(executionId)}?wait=20`, {
      headers: { 'If-None-Match': headers.get('etag') ?? '' },
    });
    await startImage(executionId);
    expect((await waiting).body.nodes.image.status).toBe('RUNNING');
  });

  it('holds a wait without an ETag until the run ends', async () => {
    const executionId = await execute();
    const waiting = api.call('GET', `${pollPath(executionId)}?wait=20`);
    await startImage(executionId);
    await failImage(api.dependencies, executionId);
    expect((await waiting).body.status).toBe('FAILED');
  });

  it('answers the present state when the wait is over', async () => {
    const executionId = await execute();
    const { status, body } = await api.call('GET', `${pollPath(executionId)}?wait=1`);
    expect([status, body.status]).toEqual([200, 'RUNNING']);
  });

  it('answers 422 to a wait that is no number', async () => {
    const { status, body } = await api.call('GET', `${pollPath('exe_x')}?wait=soon`);
    expect([status, body.issues[0].path]).toEqual([422, 'query.wait']);
  });

  it('gives every asset a URL that opens without a key', async () => {
    const executionId = await execute();
    const { database, assetStore } = api.dependencies;
    const { accountId } = api.account;
    const bytes = Buffer.from('not really a picture');
    const stored = await assetStore.put(accountId, bytes, { mimeType: 'image/png', maxBytes: 1_000 });
    const image = await assets.register(database, {
      ...stored,
      accountId,
      type: 'image',
      mimeType: 'image/png',
    });
    await completeImage(api.dependencies, executionId, image);
    const { body } = await api.call('GET', pollPath(executionId));
    expect(body.status).toBe('COMPLETED');
    expect(body.output.image.image).toEqual({ ...image, url: expect.any(String) });
    const content = await fetch(body.nodes.image.output.image.url);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(bytes);
  });
});

describe('GET /workflows/executions/:id/events', () => {
  const eventsPath = (executionId: string) => `/api/v1/workflows/executions/${executionId}/events`;
  const read = (text: string) =>
    text
      .split('\n\n')
      .filter((block) => block.startsWith('id: '))
      .map((block) => {
        const [, id, event, data] = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        return { id: Number(id), event, data: JSON.parse(data ?? '') };
      });

  it('streams a snapshot, every later change in order, and the end', async () => {
    const executionId = await execute();
    const stream = api.call('GET', eventsPath(executionId));
    await startImage(executionId);
    await failImage(api.dependencies, executionId);
    const { headers, text } = await stream;
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = read(text);
    expect(events[0]).toMatchObject({ event: 'snapshot', data: { executionId } });
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { status: 'FAILED' } });
    const ids = events.map((event) => event.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('goes on after Last-Event-ID without a gap', async () => {
    const executionId = await execute();
    await startImage(executionId);
    await failImage(api.dependencies, executionId);
    const { text } = await api.call('GET', eventsPath(executionId), { headers: { 'Last-Event-ID': '1' } });
    const changes = read(text).filter((event) => event.event !== 'end');
    expect(changes.map((event) => event.id)).toEqual(changes.map((_, index) => index + 2));
    expect(changes.at(-1)?.event).toBe('finished');
  });

  it('answers 204 once a finished run was read', async () => {
    const executionId = await execute();
    await failImage(api.dependencies, executionId);
    const { headers } = await api.call('GET', pollPath(executionId));
    const revision = /\d+/.exec(headers.get('etag') ?? '')?.[0] ?? '';
    const answer = await api.call('GET', eventsPath(executionId), { headers: { 'Last-Event-ID': revision } });
    expect(answer.status).toBe(204);
  });

  it('sends a ping when nothing happens for a while', async () => {
    const executionId = await execute();
    isQuiet = true;
    const { body } = await fetch(`${api.url}${eventsPath(executionId)}`, {
      headers: { Authorization: `Bearer ${api.account.key}` },
    });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes(': ping\n\n')) text += (await reader?.read())?.value ?? '';
    await reader?.cancel();
    expect(text).toMatch(/^retry: 2000\n\nid: 1\nevent: snapshot\n/);
  });

  it('answers 404 for a foreign id', async () => {
    const other = await api.createAccount();
    expect((await api.call('GET', eventsPath(await execute()), { key: other.key })).status).toBe(404);
  });
});

describe('GET /workflows/executions', () => {
  const list = '/api/v1/workflows/executions';
  const ids = (body: { data: { executionId: string }[] }) => body.data.map((item) => item.executionId);

  it('pages newest first through all executions of the account, and no others', async () => {
    const account = await api.createAccount();
    const made = [await execute(account), await execute(account), await execute(account)];
    const first = await api.call('GET', `${list}?limit=2`, { key: account.key });
    expect([first.body.hasMore, ids(first.body)]).toEqual([true, [made[2], made[1]]]);
    const second = await api.call('GET', `${list}?limit=2&cursor=${first.body.nextCursor}`, {
      key: account.key,
    });
    expect([second.body.hasMore, second.body.nextCursor, ids(second.body)]).toEqual([false, null, [made[0]]]);
  });

  it('filters by status, workflow, tag and time', async () => {
    const { key } = await api.createAccount();
    const execution = (path: string, tags: string[]) =>
      api.call('POST', `/api/v1/workflows/${path}/execute`, { key, body: { ...textToImage, tags } });
    const red = (await execution('inline', ['red'])).body.executionId;
    const blue = (await execution('other', ['blue'])).body.executionId;
    await failImage(api.dependencies, red);
    const matching = async (query: string) => ids((await api.call('GET', `${list}?${query}`, { key })).body);
    expect(await matching('status=FAILED')).toEqual([red]);
    expect(await matching('status=RUNNING')).toEqual([blue]);
    expect(await matching('workflow=other')).toEqual([blue]);
    expect(await matching('tag=red')).toEqual([red]);
    expect(await matching('createdAfter=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await matching('createdBefore=2999-01-01T00:00:00Z')).toEqual([blue, red]);
  });

  it('refuses a cursor and filters that cannot be', async () => {
    const cursor = await api.call('GET', `${list}?cursor=nonsense`);
    expect([cursor.status, cursor.body.code]).toEqual([400, 'cursor_invalid']);
    const filter = await api.call('GET', `${list}?status=DONE&limit=0`);
    expect(filter.status).toBe(422);
    expect(filter.body.issues.map((issue: { path: string }) => issue.path).sort()).toEqual([
      'query.limit',
      'query.status',
    ]);
  });
});

describe('GET /workflows/executions/:id', () => {
  it('shows graph, trigger data, nodes and jobs', async () => {
    const executionId = await execute();
    const { status, body } = await api.call('GET', `/api/v1/workflows/executions/${executionId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      executionId,
      mode: 'test',
      graph: { nodes: textToImage.nodes, edges: textToImage.edges },
      triggerData: textToImage.triggerData,
      jobs: [],
      execution: { status: 'RUNNING' },
    });
  });
});
