import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executions } from '../../store/database/executions';
import { workflows } from '../../store/database/workflows';
import { executionWorkflowId } from '../../workflows/contract';
import { Client, Connection } from '@temporalio/client';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const base = '/api/v1/workflows';
const { nodes, edges, triggerData } = textToImage;
/** The prompt is taken from variables, then from triggerData. */
const draft = (prompt: string) => ({
  name: 'Sunset',
  nodes: [
    { id: 'prompt', position: { x: 0, y: 0 }, data: { nodeType: 'input:text', config: { value: prompt } } },
    nodes[1],
  ],
  edges,
});

async function create(body: object = draft('one')): Promise<string> {
  const answer = await api.call('POST', base, { body });
  expect([answer.status, answer.body.code]).toEqual([201, undefined]);
  return answer.body.workflowId;
}
const publish = (id: string, body: object = {}) => api.call('POST', `${base}/${id}/publish`, { body });
const execute = (id: string, body: object = {}) => api.call('POST', `${base}/${id}/execute`, { body });
const save = (id: string, body: object, headers = {}) => api.call('PUT', `${base}/${id}`, { body, headers });

async function promptOf(executionId: string): Promise<unknown> {
  const { body } = await api.call('GET', `${base}/executions/${executionId}`);
  return body.graph.nodes[0].data.config.value;
}

describe('a draft', () => {
  it('keeps what React Flow exports, and tells what keeps it from being published', async () => {
    const viewport = { x: 1, y: 2, zoom: 1.5 };
    const broken = { nodes: [{ id: 'a', width: 9, data: { nodeType: 'no:such' } }], edges: [], viewport };
    const id = await create(broken);
    const { body } = await api.call('GET', `${base}/${id}`);
    expect(body).toMatchObject({ ...broken, name: 'Untitled workflow', revision: 1, published: null });
    expect(body.issues).toEqual([
      expect.objectContaining({ path: 'nodes[0].data.nodeType', code: 'node_type_unknown' }),
    ]);
  });

  it('is saved over only by those who have read it, where they say so', async () => {
    const id = await create();
    const first = await save(id, draft('two'), { 'If-Match': '"1"' });
    expect([first.status, first.headers.get('etag')]).toEqual([200, '"2"']);
    const late = await save(id, draft('three'), { 'If-Match': '"1"' });
    expect([late.status, late.body.code]).toEqual([412, 'draft_changed']);
    expect((await save(id, draft('four'))).body.revision).toBe(3);
    expect((await save(id, draft('five'), { 'If-Match': 'W/"3"' })).body.code).toBe('if_match_invalid');
  });

  it('refuses keys that reach a prototype', async () => {
    const body = `{"nodes":[{"id":"a","data":{"__proto__":{"x":1}}}],"edges":[]}`;
    const { status, body: answer } = await api.call('POST', base, { body });
    expect([status, answer.issues?.[0]?.code]).toEqual([422, 'json_key_forbidden']);
  });

  it('is made once per Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'draft-1' };
    const [first, second] = [
      await api.call('POST', base, { body: draft('one'), headers }),
      await api.call('POST', base, { body: draft('one'), headers }),
    ];
    expect(second.body).toEqual(first.body);
  });

  it('is nobody else’s', async () => {
    const id = await create();
    const { key } = await api.createAccount();
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', draft('mine')],
      ['DELETE', '', undefined],
      ['POST', '/publish', {}],
      ['POST', '/execute', {}],
      ['POST', '/quote', {}],
      ['POST', '/rollback', {}],
      ['GET', '/versions', undefined],
      ['GET', '/export', undefined],
      ['GET', '/diff', undefined],
    ] as const) {
      const answer = await api.call(method, `${base}/${id}${path}`, { key, body });
      expect([method, path, answer.status, answer.body.code]).toEqual([
        method,
        path,
        404,
        'workflow_not_found',
      ]);
    }
  });
});

describe('publishing', () => {
  it('checks the whole graph and names every fault', async () => {
    const id = await create({
      nodes: [
        { id: 'a', data: { nodeType: 'no:such' } },
        { id: 'b', data: { nodeType: 'generate:flux_2_pro', config: { aspectRatio: 'odd' } } },
      ],
      edges: [],
    });
    const { status, body } = await publish(id);
    expect([status, body.code]).toEqual([422, 'graph_invalid']);
    const codes = body.issues.map((issue: { code: string }) => issue.code);
    expect(codes).toEqual(expect.arrayContaining(['node_type_unknown', 'config_invalid', 'input_missing']));
  });

  it('asks for no value that only a run brings', async () => {
    const template = { id: 'tone', data: { nodeType: 'input:text', config: { value: '${tone} sunset' } } };
    const id = await create({ nodes: [template, ...nodes], edges });
    expect((await publish(id)).status).toBe(201);
    expect((await execute(id)).body.issues).toEqual([
      expect.objectContaining({ code: 'template_variable_missing' }),
      expect.objectContaining({ code: 'input_value_missing' }),
    ]);
  });

  it('makes versions 1, 2, 3 with tags in order, and answers the webhook', async () => {
    const id = await create();
    const first = await publish(id, { note: 'the first' });
    expect([first.status, first.body]).toEqual([
      201,
      expect.objectContaining({ version: 1, tag: '1.0.0', note: 'the first', unchanged: false }),
    ]);
    expect(first.body.webhookId).toMatch(/^whk_[0-9a-f]{40}$/);
    await save(id, draft('two'));
    expect((await publish(id)).body).toMatchObject({
      version: 2,
      tag: '1.0.1',
      webhookId: first.body.webhookId,
    });
    await save(id, draft('three'));
    expect((await publish(id, { tag: 'v2.0.0' })).body).toMatchObject({ version: 3, tag: '2.0.0' });
    expect((await publish(id, { bump: 'minor' })).body).toMatchObject({ version: 4, tag: '2.1.0' });
  });

  it('makes no second version of the same draft, and gives no tag twice', async () => {
    const id = await create();
    await publish(id);
    const again = await publish(id);
    expect([again.status, again.body.version, again.body.unchanged]).toEqual([200, 1, true]);
    await save(id, draft('two'));
    expect((await publish(id, { tag: '1.0.0' })).body.code).toBe('version_tag_taken');
  });

  it('gives a number and a tag once when ten publish at the same time', async () => {
    const id = await create();
    const tags = Array.from({ length: 10 }, (_, index) => `1.${index}.0`);
    const answers = await Promise.all(tags.map((tag) => publish(id, { tag })));
    expect(answers.map(({ status }) => status)).toEqual(tags.map(() => 201));
    expect(new Set(answers.map(({ body }) => body.version)).size).toBe(10);
  });
});

describe('executing a saved workflow', () => {
  it('runs the published version, pinned, under its name', async () => {
    const id = await create();
    await publish(id);
    await save(id, draft('not published'));
    const { status, body } = await execute(id);
    expect([status, body.workflowId, body.version]).toEqual([201, id, 1]);
    expect(await promptOf(body.executionId)).toBe('one');
    const { body: polled } = await api.call('GET', `${base}/executions/${body.executionId}/poll`);
    expect(polled).toMatchObject({ workflowId: id, version: 1 });
    const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] });
    const run = await new Client({ connection }).workflow
      .getHandle(executionWorkflowId(body.executionId))
      .describe();
    expect(run.searchAttributes).toMatchObject({ WorkflowName: ['Sunset'] });
    await connection.close();
  });

  it('runs another version by number or tag, and answers 404 to one that is not', async () => {
    const id = await create();
    await publish(id);
    await save(id, draft('two'));
    await publish(id, { tag: '2.0.0' });
    expect(await promptOf((await execute(id)).body.executionId)).toBe('two');
    expect(await promptOf((await execute(id, { version: 1 })).body.executionId)).toBe('one');
    expect((await execute(id, { version: '1.0.0' })).body.version).toBe(1);
    expect((await execute(id, { version: 9 })).body.code).toBe('version_not_found');
  });

  it('answers 409 before anything is published', async () => {
    const { status, body } = await execute(await create());
    expect([status, body.code]).toEqual([409, 'workflow_not_published']);
  });

  it('runs a posted graph under the workflow, which is no version of it', async () => {
    const id = await create();
    const { body } = await execute(id, textToImage);
    expect([body.workflowId, body.version]).toEqual([id, null]);
    const { body: list } = await api.call('GET', `${base}/executions?workflow=${id}`);
    expect(list.data[0]).toMatchObject({ executionId: body.executionId, workflowName: 'Sunset' });
  });

  it('fills ${name} from the variables of the version, of the call, and of triggerData, the last one first', async () => {
    const id = await create({
      ...{ nodes: [{ id: 't', data: { nodeType: 'input:text', config: { value: '${tone}' } } }], edges: [] },
      variables: { tone: 'calm' },
    });
    await publish(id);
    const textOf = async (body: object) => {
      const { executionId } = (await execute(id, body)).body;
      const { database } = api.dependencies;
      const found = await executions.documents(database, api.account.accountId, executionId);
      return found?.plan.nodes[0]?.work;
    };
    expect(await textOf({})).toMatchObject({ outputs: { text: 'calm' } });
    expect(await textOf({ variables: { tone: 'loud' } })).toMatchObject({ outputs: { text: 'loud' } });
    expect(await textOf({ variables: { tone: 'loud' }, triggerData: { tone: 'shrill' } })).toMatchObject({
      outputs: { text: 'shrill' },
    });
  });

  it('quotes it', async () => {
    const id = await create();
    await publish(id);
    const saved = await api.call('POST', `${base}/${id}/quote`, { body: {} });
    const posted = await api.call('POST', `${base}/inline/quote`, { body: { nodes, edges, triggerData } });
    expect([saved.status, saved.body]).toEqual([200, posted.body]);
  });
});

describe('rolling back', () => {
  it('publishes what served before, one version further each time', async () => {
    const id = await create();
    for (const prompt of ['one', 'two', 'three']) {
      await save(id, draft(prompt));
      await publish(id);
    }
    const back = (body: object = {}) => api.call('POST', `${base}/${id}/rollback`, { body });
    expect((await back()).body.version).toBe(2);
    expect((await execute(id)).body.version).toBe(2);
    expect((await back()).body.version).toBe(1);
    expect((await back()).body.code).toBe('nothing_to_roll_back');
    expect((await back({ version: '1.0.2' })).body.version).toBe(3);
    expect((await back({ version: 7 })).body.code).toBe('version_not_found');
  });

  it('leaves a running execution on its version', async () => {
    const id = await create();
    await publish(id);
    const { executionId } = (await execute(id)).body;
    await save(id, draft('two'));
    await publish(id);
    expect((await api.call('GET', `${base}/executions/${executionId}/poll`)).body.version).toBe(1);
    expect(await promptOf(executionId)).toBe('one');
  });
});

describe('versions', () => {
  it('are listed newest first, and never change', async () => {
    const id = await create();
    await publish(id);
    const before = await api.call('GET', `${base}/${id}/versions/1.0.0`);
    await save(id, draft('two'));
    await publish(id);
    const { body } = await api.call('GET', `${base}/${id}/versions`);
    expect(body.data.map((version: { tag: string }) => version.tag)).toEqual(['1.0.1', '1.0.0']);
    expect((await api.call('GET', `${base}/${id}/versions/1`)).text).toBe(before.text);
  });

  it('are compared with the draft, or with each other', async () => {
    const id = await create();
    await publish(id);
    await save(id, draft('two'));
    const { body } = await api.call('GET', `${base}/${id}/diff`);
    expect(body).toMatchObject({
      ...{ from: 'published', to: 'draft', isEqual: false },
      nodes: {
        changed: [{ id: 'prompt', changes: [{ path: 'data.config.value', from: 'one', to: 'two' }] }],
      },
    });
    expect((await api.call('GET', `${base}/${id}/diff?from=1&to=1.0.0`)).body.isEqual).toBe(true);
    expect((await api.call('GET', `${base}/${id}/diff?from=latest`)).status).toBe(422);
  });

  it('are exported as what can be saved again', async () => {
    const id = await create({
      ...draft('one'),
      viewport: { x: 0, y: 0, zoom: 1 },
      variables: { tone: 'calm' },
    });
    await publish(id);
    const { body } = await api.call('GET', `${base}/${id}/export?version=published`);
    const copy = await create(body);
    expect((await api.call('GET', `${base}/${copy}/export`)).body).toEqual(body);
  });

  it('of a published workflow are read by the store alone', async () => {
    const id = await create();
    await publish(id);
    const { database } = api.dependencies;
    const found = await workflows.findVersion(database, api.account.accountId, id);
    expect(found).toMatchObject({ version: 1, tag: '1.0.0', graph: { nodes: draft('one').nodes, edges } });
    expect(await workflows.findVersion(database, 'acc_other', id)).toBeUndefined();
  });
});

describe('a deleted workflow', () => {
  it('is unknown from then on, while its executions stay', async () => {
    const id = await create();
    await publish(id);
    const { executionId } = (await execute(id)).body;
    expect((await api.call('DELETE', `${base}/${id}`)).status).toBe(204);
    expect((await execute(id)).body.code).toBe('workflow_not_found');
    expect((await api.call('DELETE', `${base}/${id}`)).status).toBe(404);
    expect((await api.call('GET', `${base}/executions/${executionId}/poll`)).status).toBe(200);
  });
});

describe('the list', () => {
  it('pages through all of an account’s workflows', async () => {
    const { key } = await api.createAccount();
    const made: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      made.unshift((await api.call('POST', base, { key, body: draft(String(index)) })).body.workflowId);
    }
    const first = await api.call('GET', `${base}?limit=2`, { key });
    const second = await api.call('GET', `${base}?limit=2&cursor=${first.body.nextCursor}`, { key });
    const ids = [...first.body.data, ...second.body.data].map(({ workflowId }) => workflowId);
    expect([ids, first.body.hasMore, second.body.hasMore]).toEqual([made, true, false]);
  });
});
