/** `prompt` (text) → `image`: two nodes, one of them paid. */
export const textToImage = {
  nodes: [
    { id: 'prompt', position: { x: 0, y: 0 }, data: { nodeType: 'input:text', config: {} } },
    { id: 'image', position: { x: 300, y: 0 }, data: { nodeType: 'generate:flux_2_pro', config: {} } },
  ],
  edges: [{ id: 'e1', source: 'prompt', target: 'image' }],
  triggerData: { prompt: 'A sunset over a mountain lake' },
};

/** No paid node. */
export const onlyText = {
  nodes: [{ id: 'text', data: { nodeType: 'input:text', config: { value: 'hello' } } }],
  edges: [],
};
