import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});

afterAll(() => api.close());

const node = (id: string, nodeType: string, config: object = {}) => ({ id, data: { nodeType, config } });

/** Upper case, with a text of the prompt library. */
const shout = {
  nodes: [
    node('words', 'input:text'),
    node('loud', 'utility:text_template', { template: '${nodes.words.text} ${prompts.tail}' }),
  ],
  edges: [],
};

const using = (workflow: string, config: object = {}) => ({
  nodes: [
    node('prompt', 'input:text', { value: 'hello' }),
    node('sub', 'control:workflow', { workflow, ...config }),
  ],
  edges: [{ source: 'prompt', target: 'sub', targetHandle: 'words' }],
});

async function save(graph: object, key?: string): Promise<string> {
  const saved = await api.call('POST', '/api/v1/workflows', {
    body: { name: 'Shout', ...graph },
    ...(key ? { key } : {}),
  });
  return String(saved.body.workflowId);
}

const publish = (id: string, key?: string) =>
  api.call('POST', `/api/v1/workflows/${id}/publish`, { body: {}, ...(key ? { key } : {}) });
const execute = (body: object) => api.call('POST', '/api/v1/workflows/inline/execute', { body });

describe('a workflow as a node', () => {
  it('pins the execution to the version and the texts of its start, and shows them', async () => {
    await api.call('PUT', '/api/v1/prompts/tail', { body: { text: 'there' } });
    const id = await save(shout);
    expect((await publish(id)).status).toBe(201);
    const { status, body } = await execute(using(id));
    expect(status).toBe(201);
    const detail = await api.call('GET', `/api/v1/workflows/executions/${body.executionId}`);
    expect(detail.body.graph.workflows[id]).toMatchObject({
      ...{ workflowId: id, version: 1, tag: '1.0.0', name: 'Shout' },
      graph: { variables: { prompts: { tail: 'there' } } },
    });
    expect(detail.body.execution.nodes['sub/loud']).toMatchObject({ nodeType: 'utility:text_template' });
  });

  it('of another account, unpublished, or of an unknown version is 422 with what to do', async () => {
    const other = await api.createAccount();
    const foreign = await save(shout, other.key);
    await publish(foreign, other.key);
    const draft = await save(shout);
    const published = await save(shout);
    await publish(published);
    for (const [body, message] of [
      [using(foreign), 'There is no workflow'],
      [using(draft), 'has no published version'],
      [using(published, { version: '9.0.0' }), 'has no version "9.0.0"'],
      [using('wf_nonsense'), 'There is no workflow'],
    ] as const) {
      const answer = await execute(body);
      expect(answer.status).toBe(422);
      expect(answer.body.issues).toMatchObject([{ code: 'workflow_unknown' }]);
      expect(answer.body.issues[0].message).toContain(message);
    }
  });

  it('that would contain itself cannot be published', async () => {
    const inner = await save(shout);
    await publish(inner);
    const outer = await save(using(inner));
    expect((await publish(outer)).status).toBe(201);
    await api.call('PUT', `/api/v1/workflows/${inner}`, { body: { name: 'Shout', ...using(outer) } });
    const refused = await publish(inner);
    expect(refused.status).toBe(422);
    expect(refused.body.issues).toContainEqual(
      expect.objectContaining({
        code: 'workflow_cycle',
        message: 'The workflow contains itself: this workflow → "Shout" → "Shout".',
      }),
    );
  });

  it('is an app with named outputs like any other', async () => {
    const inner = await save(shout);
    await publish(inner);
    const outer = await save(using(inner));
    await publish(outer);
    await api.call('PUT', `/api/v1/workflows/${outer}/app`, { body: { slug: 'shout-twice' } });
    const app = await api.call('GET', '/api/v1/apps/shout-twice');
    expect(app.body.outputs).toMatchObject([{ name: 'sub', nodeId: 'sub', port: 'loud', type: 'text' }]);
  });
});
