import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executions } from '../../store/database/executions';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const put = (name: string, body: object, key = api.account.key) =>
  api.call('PUT', `/api/v1/prompts/${name}`, { key, body });
const text = (value: string) => ({
  nodes: [{ id: 't', data: { nodeType: 'input:text', config: { value } } }],
  edges: [],
});
const video = (config: object, further: object = {}) => ({
  nodes: [
    { id: 'image', data: { nodeType: 'input:image', config: { value: 'https://example.com/a.png' } } },
    {
      id: 'clip',
      data: { nodeType: 'video:kling_video_2_5_i2v', config: { prompt: 'waves', ...config }, ...further },
    },
  ],
  edges: [{ source: 'image', target: 'clip' }],
});

async function planOf(graph: object, key = api.account.key, accountId = api.account.accountId) {
  const { status, body } = await api.call('POST', '/api/v1/workflows/inline/execute', { key, body: graph });
  expect([status, body.issues]).toEqual([201, undefined]);
  const found = await executions.documents(api.dependencies.database, accountId, body.executionId);
  if (found === undefined) throw new Error('The execution has no documents.');
  return { nodes: found.plan.nodes, graph: found.graph, executionId: String(body.executionId) };
}

describe('the prompt library', () => {
  it('fills ${prompts.name} in any graph of the account, as it is at the start', async () => {
    await put('brand', { text: 'calm and honest' });
    const first = await planOf(text('Write ${prompts.brand}'));
    expect(first.nodes[0]?.work).toMatchObject({ outputs: { text: 'Write calm and honest' } });
    await put('brand', { text: 'loud' });
    const again = await executions.documents(
      api.dependencies.database,
      api.account.accountId,
      first.executionId,
    );
    expect(again?.graph).toMatchObject({ variables: { prompts: { brand: 'calm and honest' } } });
    expect((await planOf(text('${prompts.brand}'))).nodes[0]?.work).toMatchObject({
      outputs: { text: 'loud' },
    });
  });

  it('is of one account, and an unknown name is a fault of the run', async () => {
    await put('mine', { text: 'secret' });
    const { key } = await api.createAccount();
    const body = text('${prompts.mine}');
    const answer = await api.call('POST', '/api/v1/workflows/inline/execute', { key, body });
    expect(answer.body.issues[0].code).toBe('template_variable_missing');
  });

  it('is listed, changed and deleted', async () => {
    const { key } = await api.createAccount();
    await put('b', { text: 'two', kind: 'negative' }, key);
    await put('a', { text: 'one' }, key);
    const { data } = (await api.call('GET', '/api/v1/prompts', { key })).body;
    expect(data).toMatchObject([
      { name: 'a', kind: 'prompt' },
      { name: 'b', kind: 'negative', text: 'two' },
    ]);
    expect((await api.call('DELETE', '/api/v1/prompts/a', { key })).status).toBe(204);
    expect((await api.call('DELETE', '/api/v1/prompts/a', { key })).body.code).toBe('prompt_not_found');
    expect((await put('not a name', { text: 'x' }, key)).status).toBe(422);
  });
});

describe('negative prompts', () => {
  it('are appended to every generation that takes one, after its own', async () => {
    const { key, accountId } = await api.createAccount();
    await put('hands', { text: 'extra fingers', kind: 'negative' }, key);
    await put('text', { text: 'watermark', kind: 'negative' }, key);
    const configOf = async (graph: object) =>
      (await planOf(graph, key, accountId)).nodes.at(-1)?.config['negativePrompt'];
    expect(await configOf(video({}))).toBe('extra fingers, watermark');
    expect(await configOf(video({ negativePrompt: 'blur' }))).toBe('blur, extra fingers, watermark');
    expect(await configOf(video({ negativePrompt: 'blur' }, { sharedNegatives: false }))).toBe('blur');
  });

  it('leave other nodes as they are', async () => {
    const { key, accountId } = await api.createAccount();
    await put('hands', { text: 'extra fingers', kind: 'negative' }, key);
    const { nodes } = await planOf(text('hello'), key, accountId);
    expect(nodes[0]?.config).not.toHaveProperty('negativePrompt');
  });
});
