import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { executionViewSchema } from '../../pipeline/execution-view';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

const graph = aGraph('an agent at work')
  .node('image', 'generate:flux_2_pro')
  .edge('prompt', 'image')
  .node('upscale', 'image:crystal_upscaler')
  .edge('image', 'upscale')
  .build();

let test: TestSystem;
let agent: Client | undefined;

beforeAll(async () => {
  test = await TestSystem.start();
  agent = await connect([]);
});

afterAll(async () => {
  await agent?.close();
  await test.stop();
});

/** The vendor's own client, speaking to the built command as a host would start it. */
async function connect(words: readonly string[]): Promise<Client> {
  const client = new Client({ name: 'an agent', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [join(__dirname, '../../dist/cli/main.js'), 'mcp', ...words],
      env: {
        EVERFRAME_API_URL: test.system.urls.api,
        EVERFRAME_API_KEY: test.system.credentials.keys.test,
      },
    }),
  );
  return client;
}

const resultSchema = z.object({
  isError: z.boolean().optional(),
  content: z.tuple([z.object({ type: z.literal('text'), text: z.string() })]),
});

async function call(name: string, input: Record<string, unknown> = {}) {
  const result = resultSchema.parse(await agent?.callTool({ name, arguments: input }));
  return { isError: result.isError === true, answer: JSON.parse(result.content[0].text) };
}

describe('the MCP server, driven by the official client', () => {
  it('lists, quotes, runs, polls and resumes a pipeline', async () => {
    const { answer: found } = await call('list_models', { category: 'image', search: '4K' });
    expect(found.models).toEqual([expect.objectContaining({ type: 'image:crystal_upscaler' })]);
    expect((await call('get_model', { type: 'image:crystal_upscaler' })).answer).toHaveProperty('config');
    const { answer: quote } = await call('quote_workflow', { ...graph });
    expect(quote.minCredits).toBeGreaterThan(0);
    const before = (await call('get_credit_balance')).answer.availableCredits;

    const models = ['clarityai/crystal-upscaler', 'philz1337x/crystal-upscaler'];
    await test.setFaults(models.map((model) => ({ model, action: 'fail_job' as const })));
    const started = await call('run_workflow', { ...graph, tags: ['agent'], waitSeconds: 50 });
    const failed = executionViewSchema.parse(started.answer.execution);
    expect(failed).toMatchObject({ status: 'FAILED', failure: { nodeId: 'upscale' } });
    await test.setFaults([]);

    const { executionId } = failed;
    const { answer: receipt } = await call('preview_resume', { executionId });
    expect(receipt.reused.map(({ nodeId }: { nodeId: string }) => nodeId)).toContain('image');
    await call('resume_execution', { executionId });
    const { answer: completed } = await call('get_execution', { executionId, waitSeconds: 50 });
    expect(completed.status).toBe('COMPLETED');
    expect(await test.accepted({ prompt: 'an agent at work' })).toHaveLength(1);
    const after = (await call('get_credit_balance')).answer.availableCredits;
    expect(before - after).toBe(completed.credits.charged);
    expect((await call('list_executions', { tag: 'agent' })).answer.data).toHaveLength(1);
  });

  it('reads saved workflows and runs a published one', async () => {
    const { workflowId } = await test.client.workflows.create({
      name: 'for agents',
      nodes: graph.nodes,
      edges: graph.edges,
    });
    await test.client.workflows.publish(workflowId);
    const { answer: listed } = await call('list_workflows');
    expect(listed.data).toEqual([expect.objectContaining({ workflowId, name: 'for agents' })]);
    expect((await call('get_workflow', { workflowId })).answer.nodes).toHaveLength(graph.nodes.length);
    const quoted = await call('quote_workflow', { workflowId, triggerData: { prompt: 'a saved one' } });
    expect(quoted.answer.minCredits).toBeGreaterThan(0);
  });

  it('begins with a template, keeps it as a workflow and publishes it', async () => {
    const [{ templateId }] = (await call('list_templates')).answer.templates;
    const { answer: template } = await call('get_template', { templateId });
    const { name, nodes, edges } = template;
    const { answer: saved } = await call('create_workflow', { name, nodes, edges });
    expect(saved.issues).toEqual([]);
    const { workflowId } = saved;
    expect((await call('publish_workflow', { workflowId })).answer).toMatchObject({ tag: '1.0.0' });
    const changed = await call('save_workflow', { workflowId, name: 'Mine', nodes, edges, revision: 99 });
    expect([changed.isError, changed.answer.code]).toEqual([true, 'draft_changed']);
    await test.client.apps.set(workflowId, 'mine');
    expect((await call('get_app', { slug: 'mine' })).answer.inputs.length).toBeGreaterThan(0);
  });

  it('tells an agent every fault of its graph and how to mend it', async () => {
    const { isError, answer } = await call('run_workflow', {
      nodes: [{ id: 'a', data: { nodeType: 'generate:flux_3' } }],
      edges: [],
    });
    expect(isError).toBe(true);
    expect(answer.issues[0]).toMatchObject({
      path: 'nodes[0].data.nodeType',
      fix: expect.stringMatching(/\w/),
    });
  });

  it('offers no tool that changes anything with --read-only, and says of each what it does', async () => {
    const reader = await connect(['--read-only']);
    const names = (await reader.listTools()).tools.map(({ name }) => name);
    await reader.close();
    expect(names).toContain('get_execution');
    expect(names).not.toContain('run_workflow');
    expect(names).not.toContain('cancel_execution');
    const tools = (await agent?.listTools())?.tools ?? [];
    expect(tools.find(({ name }) => name === 'run_workflow')?.annotations).toMatchObject({
      readOnlyHint: false,
    });
    expect(tools.find(({ name }) => name === 'list_models')?.annotations).toMatchObject({
      readOnlyHint: true,
    });
  });
});
