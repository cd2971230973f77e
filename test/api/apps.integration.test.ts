import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { defineApp } from '../../pipeline/app-definition';
import type { JsonObject } from '../../workflows/contract';
import { assets } from '../../store/database/assets';
import { until } from '../support/until';
import { completeImage } from './support/finished-work';
import { textToImage } from './support/graphs';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const base = '/api/v1/workflows';
const { nodes, edges } = textToImage;
const namedNodes = [
  { id: 'prompt', data: { nodeType: 'input:text', label: 'Subject', config: { name: 'subject' } } },
  { ...nodes[1], data: { ...nodes[1]?.data, output: 'picture' } },
];

async function anApp(slug: string, key = api.account.key): Promise<string> {
  const { workflowId } = (
    await api.call('POST', base, { key, body: { name: 'Poster', nodes: namedNodes, edges } })
  ).body;
  await api.call('POST', `${base}/${workflowId}/publish`, { key, body: {} });
  const { status } = await api.call('PUT', `${base}/${workflowId}/app`, { key, body: { slug } });
  expect(status).toBe(200);
  return workflowId;
}

const call = (slug: string, body: object, headers: Record<string, string> = { Prefer: 'wait=0' }) =>
  api.call('POST', `/api/v1/apps/${slug}`, { body, headers });

describe('an app', () => {
  it('says what it takes and gives, by name and type', async () => {
    await anApp('poster');
    const { body } = await api.call('GET', '/api/v1/apps/poster');
    expect(body).toMatchObject({
      ...{ slug: 'poster', name: 'Poster', version: 1, url: `${api.url}/api/v1/apps/poster` },
      inputs: [
        {
          name: 'subject',
          nodeId: 'prompt',
          type: 'text',
          label: 'Subject',
          required: true,
          schema: { type: 'string' },
        },
      ],
      outputs: [{ name: 'picture', nodeId: 'image', port: 'image', type: 'image' }],
    });
    const list = await api.call('GET', '/api/v1/apps');
    expect(list.body.data.map((app: { slug: string }) => app.slug)).toEqual(['poster']);
  });

  it('has an OpenAPI document of its own', async () => {
    await anApp('described');
    const { body } = await api.call('GET', '/api/v1/apps/described/openapi.json');
    const { post } = body.paths['/api/v1/apps/described'];
    expect([body.openapi, post.operationId]).toEqual(['3.1.0', 'described']);
    expect(post.requestBody.content['application/json'].schema.properties.inputs).toEqual({
      ...{ type: 'object', additionalProperties: false, required: ['subject'] },
      properties: { subject: { title: 'Subject', type: 'string' } },
    });
    expect(
      post.responses['201'].content['application/json'].schema.properties.outputs.properties,
    ).toHaveProperty('picture');
  });

  it('runs its published version and waits for the outputs, by their names', async () => {
    const workflowId = await anApp('waiting');
    const answer = api.call('POST', '/api/v1/apps/waiting', { body: { inputs: { subject: 'A lake' } } });
    const { assetStore, database } = api.dependencies;
    const { accountId } = api.account;
    const stored = await assetStore.put(accountId, Buffer.from('picture'), {
      mimeType: 'image/png',
      maxBytes: 100,
    });
    const image = await assets.register(database, {
      ...stored,
      accountId,
      type: 'image',
      mimeType: 'image/png',
    });
    let executionId = '';
    await until(async () => {
      const { body: list } = await api.call('GET', `${base}/executions?workflow=${workflowId}`);
      executionId = list.data[0]?.executionId ?? '';
      return (
        executionId !== '' && (await api.dependencies.temporal.describeLatest(executionId)) !== undefined
      );
    });
    await completeImage(api.dependencies, executionId, image);
    const { status, body, headers } = await answer;
    expect([status, headers.get('preference-applied')]).toEqual([201, 'wait=60']);
    expect(body).toMatchObject({ workflowId, version: 1, execution: { status: 'COMPLETED' } });
    expect(body.outputs).toEqual({
      picture: expect.objectContaining({ assetId: image.assetId, url: expect.any(String) }),
    });
  });

  it('names every input that is unknown, missing or of another type', async () => {
    await anApp('strict');
    expect((await call('strict', { inputs: { subjekt: 'x' } })).body.issues).toEqual([
      expect.objectContaining({
        path: 'inputs.subjekt',
        code: 'unknown_field',
        fix: expect.stringContaining('subject'),
      }),
    ]);
    expect((await call('strict', {})).body.issues[0].code).toBe('input_value_missing');
    expect((await call('strict', { inputs: { subject: 7 } })).body.issues[0].code).toBe(
      'input_value_invalid',
    );
  });

  it('starts one run for one Idempotency-Key', async () => {
    await anApp('once');
    const headers = { Prefer: 'wait=0', 'Idempotency-Key': 'app-1' };
    const body = { inputs: { subject: 'A lake' } };
    const [first, second] = [await call('once', body, headers), await call('once', body, headers)];
    expect([first.status, second.body.executionId]).toEqual([201, first.body.executionId]);
  });

  it('has one slug in an account, which others may have as well', async () => {
    const workflowId = await anApp('shared');
    const other = await api.createAccount();
    await anApp('shared', other.key);
    const { workflowId: second } = (await api.call('POST', base, { body: { nodes: namedNodes, edges } }))
      .body;
    const taken = await api.call('PUT', `${base}/${second}/app`, { body: { slug: 'shared' } });
    expect(taken.body.code).toBe('app_slug_taken');
    await api.call('DELETE', `${base}/${workflowId}`);
    expect((await api.call('PUT', `${base}/${second}/app`, { body: { slug: 'shared' } })).status).toBe(200);
    expect((await call('shared', {})).body.code).toBe('workflow_not_published');
    expect((await api.call('DELETE', `${base}/${second}/app`)).status).toBe(204);
    expect((await call('shared', {})).body.code).toBe('app_not_found');
  });
});

describe('defineApp', () => {
  it('gives what nobody takes where no node is named, several ports as name.port', () => {
    const graph: JsonObject = {
      nodes: [
        { id: 'a', data: { nodeType: 'input:text', config: { value: 'x' } } },
        { id: 'b', data: { nodeType: 'generate:flux_2_pro', config: {} } },
      ],
      edges: [{ source: 'a', target: 'b' }],
    };
    const { inputs, outputs } = defineApp(graph);
    expect(inputs).toEqual([expect.objectContaining({ name: 'a', required: false, default: 'x' })]);
    expect(outputs).toEqual([expect.objectContaining({ name: 'b', port: 'image', type: 'image' })]);
  });
});

describe('templates', () => {
  it('are the examples, each a body that executes', async () => {
    const { data } = (await api.call('GET', '/api/v1/templates')).body;
    expect(data.length).toBeGreaterThan(2);
    for (const { templateId, name, nodeTypes } of data) {
      expect([name.length > 3, nodeTypes.length > 0]).toEqual([true, true]);
      const {
        nodes: own,
        edges: joins,
        triggerData,
      } = (await api.call('GET', `/api/v1/templates/${templateId}`)).body;
      const quote = await api.call('POST', `${base}/inline/quote`, {
        body: { nodes: own, edges: joins, triggerData },
      });
      expect([templateId, quote.status]).toEqual([templateId, 200]);
      expect(
        (await api.call('POST', base, { body: { name, nodes: own, edges: joins } })).body.issues,
      ).toEqual([]);
    }
    expect((await api.call('GET', '/api/v1/templates/none')).body.code).toBe('template_not_found');
  });
});
