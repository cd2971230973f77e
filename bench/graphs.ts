interface BenchNode {
  readonly id: string;
  readonly data: { readonly nodeType: string; readonly config: Record<string, unknown> };
}

interface BenchEdge {
  readonly id: string;
  readonly source: string;
  readonly target: string;
}

export interface BenchGraph {
  readonly nodes: readonly BenchNode[];
  readonly edges: readonly BenchEdge[];
  readonly triggerData: { readonly prompt: string };
}

const input: BenchNode = { id: 'prompt', data: { nodeType: 'input:text', config: {} } };
const triggerData = { prompt: 'bench' };

function call(id: string): BenchNode {
  return { id, data: { nodeType: 'text:llm', config: {} } };
}

function edge(source: string, target: string): BenchEdge {
  return { id: `${source}-${target}`, source, target };
}

/** Five calls in line. */
export function linearGraph(): BenchGraph {
  const ids = ['n1', 'n2', 'n3', 'n4', 'n5'];
  const sources = ['prompt', ...ids];
  return {
    nodes: [input, ...ids.map(call)],
    edges: ids.map((id, index) => edge(sources[index] ?? '', id)),
    triggerData,
  };
}

/** One call an item. */
export function batchOf(items: number): BenchGraph & { readonly iteratorConfigs: readonly object[] } {
  const values = Array.from({ length: items }, (_value, index) => `item ${index}`);
  const iteratorConfigs = [{ nodeId: 'prompt', values }];
  return { nodes: [input, call('n1')], edges: [edge('prompt', 'n1')], triggerData, iteratorConfigs };
}

/** One call, ten at once, one that joins them. */
export function fanGraph(): BenchGraph {
  const branches = Array.from({ length: 10 }, (_, index) => `b${index}`);
  const join: BenchNode = { id: 'join', data: { nodeType: 'utility:prompt_concat', config: {} } };
  return {
    nodes: [input, call('first'), ...branches.map(call), join, call('last')],
    edges: [
      edge('prompt', 'first'),
      ...branches.flatMap((branch) => [edge('first', branch), edge(branch, 'join')]),
      edge('join', 'last'),
    ],
    triggerData,
  };
}
