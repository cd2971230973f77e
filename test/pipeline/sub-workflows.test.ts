import { describe, expect, it } from '@jest/globals';
import { compileGraph } from '../../pipeline/compile-graph';
import type { CompileInput } from '../../pipeline/compile-input';
import { allNodes } from '../../pipeline/pure/all-nodes';
import type { MissingWorkflow, PinnedWorkflow } from '../../pipeline/sub-workflows';
import type { JsonObject, PlanNode } from '../../workflows/contract';

const id = (digit: string): string => `wf_${digit.repeat(32)}`;

function pinned(workflowId: string, name: string, graph: object, version = 1): PinnedWorkflow {
  const plain = JSON.parse(JSON.stringify(graph)) as JsonObject;
  return { workflowId, version, tag: `${version}.0.0`, name, graph: plain };
}

const node = (nodeId: string, nodeType: string, config: object = {}, more: object = {}) => ({
  id: nodeId,
  data: { nodeType, config, ...more },
});

/** topic, style = "watercolour" → picture and caption. */
const portrait = {
  nodes: [
    node('topic', 'input:text'),
    node('look', 'input:text', { name: 'style', value: 'watercolour' }),
    node('words', 'utility:text_template', { template: '${nodes.topic.text}, ${nodes.look.text}, ${light}' }),
    node('picture', 'generate:flux_2_pro', {}, { output: 'picture' }),
    node('title', 'utility:text_upper', {}, { output: 'title' }),
  ],
  edges: [
    { source: 'words', target: 'picture', targetHandle: 'prompt' },
    { source: 'topic', target: 'title' },
  ],
  variables: { light: 'at dawn' },
};

const A = id('a');
const B = id('b');

function compile(
  graph: object,
  workflows: Readonly<Record<string, PinnedWorkflow | MissingWorkflow>>,
  more: Partial<CompileInput> = {},
) {
  return compileGraph({ graph, workflows: new Map(Object.entries(workflows)), ...more });
}

function compiled(...given: Parameters<typeof compile>) {
  const result = compile(...given);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return { ...result, at: (nodeId: string) => find(result.plan.nodes, nodeId) };
}

function find(nodes: readonly PlanNode[], nodeId: string): PlanNode {
  const found = allNodes(nodes).find((each) => each.id === nodeId);
  if (found) return found;
  throw new Error(`The plan has no node "${nodeId}".`);
}

function issuesOf(...given: Parameters<typeof compile>) {
  const result = compile(...given);
  return result.ok ? [] : result.issues;
}

const calling = (config: object = {}) => ({
  nodes: [
    node('prompt', 'input:text', { value: 'an otter' }),
    node('sub', 'control:workflow', { workflow: A, ...config }),
    node('upscale', 'image:crystal_upscaler'),
  ],
  edges: [
    { source: 'prompt', target: 'sub', targetHandle: 'topic' },
    { source: 'sub', sourceHandle: 'picture', target: 'upscale' },
  ],
});

describe('a workflow as a node', () => {
  it('brings its nodes into the plan under its path, with its own names and defaults', () => {
    const { at, warnings } = compiled(calling(), { [A]: pinned(A, 'Portrait', portrait, 3) });
    expect(warnings).toEqual([]);
    expect(at('sub')).toMatchObject({ label: 'Portrait', config: { version: 3 }, body: { naming: 'path' } });
    expect(at('sub').body?.nodes.map((each) => each.id)).toEqual([
      ...['sub/topic', 'sub/look', 'sub/words', 'sub/picture', 'sub/title'],
    ]);
    expect(at('sub/look').work).toEqual({ kind: 'value', outputs: { text: 'watercolour' } });
    expect(at('sub/topic').inputs).toMatchObject([{ sourceNodeId: 'sub', sourcePort: 'topic' }]);
    expect(at('sub/words').templates[0]?.parts).toEqual([
      { kind: 'reference', nodeId: 'sub/topic', port: 'text', path: [] },
      { kind: 'text', text: ', ' },
      { kind: 'reference', nodeId: 'sub/look', port: 'text', path: [] },
      { kind: 'text', text: ', at dawn' },
    ]);
  });

  it('takes values of inputs and names from its config, and tells of those that nothing reads', () => {
    const { at, warnings } = compiled(calling({ inputs: { style: 'ink', light: 'at noon', stile: 'x' } }), {
      [A]: pinned(A, 'Portrait', portrait),
    });
    expect(at('sub/look').work).toEqual({ kind: 'value', outputs: { text: 'ink' } });
    expect(at('sub/words').templates[0]?.parts.at(-1)).toEqual({ kind: 'text', text: ', at noon' });
    expect(warnings).toMatchObject([{ path: 'nodes[1].data.config.inputs', code: 'trigger_data_unused' }]);
  });

  it('counts in the quote, node by node', () => {
    const { quote } = compiled(calling(), { [A]: pinned(A, 'Portrait', portrait) });
    const picture = quote.nodes.find(({ nodeId }) => nodeId === 'sub/picture');
    expect(picture?.minCredits).toBeGreaterThan(0);
    expect(quote.minCredits).toBe(quote.nodes.reduce((sum, { minCredits }) => sum + minCredits, 0));
  });

  it('keeps the keys of what a changed input does not lead to', () => {
    const both = (style: string) => ({
      nodes: [...calling().nodes, node('style', 'input:text', { value: style })],
      edges: [...calling().edges, { source: 'style', target: 'sub', targetHandle: 'style' }],
    });
    const workflows = { [A]: pinned(A, 'Portrait', portrait) };
    const [before, after] = [compiled(both('ink'), workflows), compiled(both('oil'), workflows)];
    expect(after.at('sub/title').nodeKey).toBe(before.at('sub/title').nodeKey);
    expect(after.at('sub/picture').nodeKey).not.toBe(before.at('sub/picture').nodeKey);
    expect(after.at('sub').nodeKey).not.toBe(before.at('sub').nodeKey);
  });

  it('nests, with types that come through', () => {
    const album = {
      nodes: [
        node('theme', 'input:text'),
        node('cover', 'control:workflow', { workflow: A }),
        node('end', 'control:join'),
      ],
      edges: [
        { source: 'theme', target: 'cover', targetHandle: 'topic' },
        { source: 'cover', sourceHandle: 'picture', target: 'end' },
      ],
    };
    const graph = {
      nodes: [
        node('prompt', 'input:text', { value: 'an otter' }),
        node('sub', 'control:workflow', { workflow: B }),
        node('upscale', 'image:crystal_upscaler'),
      ],
      edges: [
        { source: 'prompt', target: 'sub' },
        { source: 'sub', target: 'upscale' },
      ],
    };
    const workflows = { [A]: pinned(A, 'Portrait', portrait), [B]: pinned(B, 'Album', album) };
    const { at } = compiled(graph, workflows);
    expect(at('upscale').inputs).toMatchObject([{ port: 'image', sourceNodeId: 'sub', sourcePort: 'end' }]);
    expect(at('sub/cover/picture').work).toMatchObject({ kind: 'provider' });
  });
});

describe('a workflow as a node is refused', () => {
  it.each([
    ['unknown' as const, `There is no workflow "${A}"`, 'workflow'],
    ['unpublished' as const, 'has no published version', 'workflow'],
    ['no_version' as const, 'has no version "1.0.0"', 'version'],
  ])('when it is %s, once, and without a word about what would follow', (missing, message, field) => {
    const issues = issuesOf(calling({ version: '1.0.0' }), { [`${A}@1.0.0`]: missing });
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatchObject({ code: 'workflow_unknown', path: `nodes[1].data.config.${field}` });
    expect(issues[0]?.message).toContain(message);
    expect(issues[0]?.fix).not.toBe('');
  });

  it('when it contains itself, by others or directly, with the chain', () => {
    const uses = (workflow: string) => ({
      nodes: [node('topic', 'input:text', { value: 'x' }), node('next', 'control:workflow', { workflow })],
      edges: [],
    });
    const workflows = { [A]: pinned(A, 'Portrait', uses(B)), [B]: pinned(B, 'Album', uses(A)) };
    const [byOthers] = issuesOf(
      { nodes: [node('sub', 'control:workflow', { workflow: A })], edges: [] },
      workflows,
    );
    expect(byOthers).toMatchObject({
      code: 'workflow_cycle',
      message: 'The workflow contains itself: "Portrait" → "Album" → "Portrait".',
      path: 'nodes[0].workflow.nodes[1].workflow.nodes[1].data.config.workflow',
    });
    const [direct] = issuesOf(uses(A), { [A]: pinned(A, 'Portrait', portrait) }, { workflowId: A });
    expect(direct).toMatchObject({
      code: 'workflow_cycle',
      message: 'The workflow contains itself: this workflow → "Portrait".',
    });
  });

  it('when all together are too many nodes, before they are laid out', () => {
    const many = (workflow: string | undefined) => ({
      nodes: [
        node('topic', 'input:text', { value: 'x' }),
        ...Array.from({ length: 50 }, (_, index) =>
          workflow === undefined
            ? node(`n${index}`, 'utility:text_upper')
            : node(`n${index}`, 'control:workflow', { workflow }),
        ),
      ],
      edges: [],
    });
    const C = id('c');
    const workflows = {
      [A]: pinned(A, 'A', many(B)),
      [B]: pinned(B, 'B', many(C)),
      [C]: pinned(C, 'C', many(undefined)),
    };
    const issues = issuesOf(many(A), workflows).filter(({ code }) => code === 'too_many_nodes');
    expect(issues).toHaveLength(1);
    expect(issues[0]?.message).toMatch(/the run would have \d{3} nodes .* 500 and 2500 are allowed/);
  });

  it('when a path would be too long for a step, or too deep', () => {
    const long = {
      nodes: [
        node('x'.repeat(64), 'input:text', { value: 'x' }),
        node('y'.repeat(64), 'control:workflow', { workflow: B }),
      ],
      edges: [],
    };
    const outer = { nodes: [node('z'.repeat(64), 'control:workflow', { workflow: A })], edges: [] };
    const leaf = {
      nodes: [
        node('topic', 'input:text', { value: 'x' }),
        node('w'.repeat(40), 'utility:text_upper', { text: 'x' }),
      ],
      edges: [],
    };
    expect(issuesOf(outer, { [A]: pinned(A, 'A', long), [B]: pinned(B, 'B', leaf) })).toMatchObject([
      { code: 'node_id_invalid', message: expect.stringContaining('170 characters; 160 are allowed') },
    ]);
    const ids = ['1', '2', '3', '4', '5'].map(id);
    const chain = ids.map((each, index): [string, PinnedWorkflow] => {
      const next = ids[index + 1];
      const member = next
        ? node('next', 'control:workflow', { workflow: next })
        : node('end', 'utility:text_upper', { text: 'x' });
      return [each, pinned(each, `W${index + 1}`, { nodes: [member], edges: [] })];
    });
    const first = { nodes: [node('sub', 'control:workflow', { workflow: ids[0] })], edges: [] };
    expect(issuesOf(first, Object.fromEntries(chain))).toMatchObject([
      { code: 'group_too_deep', message: '"W5" lies in 4 workflows; 3 are allowed.' },
    ]);
  });

  it('when an input is missing or faulty, where the node that gives it is posted', () => {
    const missing = { ...calling(), edges: calling().edges.slice(1) };
    const workflows = { [A]: pinned(A, 'Portrait', portrait) };
    expect(issuesOf(missing, workflows)).toMatchObject([
      { code: 'input_missing', path: 'nodes[1]', message: expect.stringContaining('"topic"') },
    ]);
    expect(issuesOf(calling({ inputs: { style: 7 } }), workflows)).toMatchObject([
      { code: 'input_value_invalid', path: 'nodes[1].data.config.inputs.style' },
    ]);
    expect(issuesOf(calling({ inputs: { style: '${nodes.prompt.text}' } }), workflows)).toMatchObject([
      { code: 'template_reference_invalid', path: 'nodes[1].data.config.inputs.style' },
    ]);
  });

  it('when something of it cannot run any more, with the way to it', () => {
    const broken = { ...portrait, nodes: [...portrait.nodes, node('gone', 'generate:gone')] };
    expect(issuesOf(calling(), { [A]: pinned(A, 'Portrait', broken) })).toMatchObject([
      { code: 'node_type_unknown', path: 'nodes[1].workflow.nodes[5].data.nodeType' },
    ]);
  });

  it('when a node of the graph is laid into it', () => {
    const graph = calling();
    const nodes = [...graph.nodes, { ...node('more', 'utility:text_upper'), parentId: 'sub' }];
    const edges = [...graph.edges, { source: 'prompt', target: 'more' }];
    expect(issuesOf({ nodes, edges }, { [A]: pinned(A, 'Portrait', portrait) })).toMatchObject([
      { code: 'parent_invalid', path: 'nodes[3].parentId' },
    ]);
  });
});
