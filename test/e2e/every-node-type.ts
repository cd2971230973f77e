import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { probeMedia } from '../../activities/media/probe-media';
import { sniffMediaType } from '../../store/assets/media/sniff-media-type';
import { EverframeError } from '../../client/everframe-error';
import { valueType, type NodeDefinition } from '../../pipeline/node-definition';
import { nodeDefinitions } from '../../pipeline/nodes';
import type { ExecutionView } from '../../pipeline/execution-view';
import type { AssetReference, JsonObject, JsonValue, PortType } from '../../workflows/contract';
import { leastConfigs, smallestConfig } from '../pipeline/nodes/sample-request';
import { aGraph } from '../support/graph-builder';
import { TestSystem } from '../support/test-system';

/** Nodes of one execution beside its inputs; the API takes 100 in all. */
const NODES_AT_ONCE = 80;

/** `many` ports get one of each. */
const PROMPTS = ['A lighthouse in a storm', 'A garden at dawn'];

type Media = Extract<PortType, 'image' | 'video' | 'audio'>;

let test: TestSystem;
let media: Readonly<Record<Media, readonly AssetReference[]>>;
const folder = mkdtempSync(join(tmpdir(), 'everframe-every-node-'));

/** `control:` nodes want a graph around them and have tests of their own; `input:` nodes are the sources of all others. */
export const ownNodeTypes = nodeDefinitions.filter(({ type }) => !/^(control|input|output):/.test(type));

/** Tests that run these node types, once each, through API, Temporal and worker, and open what they made. */
export function describeNodeTypes(definitions: readonly NodeDefinition[]): void {
  beforeAll(async () => {
    test = await TestSystem.start({
      EVERFRAME_SANDBOX_LATENCY_SCALE: '0',
      EVERFRAME_SANDBOX_FRAME_RATE: '4',
    });
    media = await makeMedia();
  });

  afterAll(async () => {
    await test.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const count = Math.ceil(definitions.length / NODES_AT_ONCE);
  it.each(Array.from({ length: count }, (_, index) => index))(
    'complete and give what they declare (part %#)',
    async (index) => {
      const part = definitions.slice(index * NODES_AT_ONCE, (index + 1) * NODES_AT_ONCE);
      const view = await run(part);
      expect(part.flatMap(({ type }) => whyNotCompleted(type, view))).toEqual([]);
      for (const definition of part) await expectOutputs(definition, view);
      expect(view.status).toBe('COMPLETED');
    },
    300_000,
  );
}

function whyNotCompleted(type: string, { nodes }: ExecutionView): readonly string[] {
  const node = nodes[idOf(type)];
  return node?.status === 'COMPLETED' ? [] : [`${type}: ${node?.status} ${node?.error?.message}`];
}

async function expectOutputs({ type, outputs }: NodeDefinition, view: ExecutionView): Promise<void> {
  const output = view.nodes[idOf(type)]?.output ?? {};
  expect([type, Object.keys(output).sort()]).toEqual([type, Object.keys(outputs).sort()]);
  for (const [port, { type: portType }] of Object.entries(outputs)) {
    const made = await typeOf(output[port]);
    const allowed = inlineTypes[valueType(portType)] ?? [portType];
    expect([type, port, allowed]).toEqual([type, port, expect.arrayContaining([made])]);
  }
}

/** Two pictures, a clip of each that speaks, and two voices, which all other nodes work on. */
async function makeMedia(): Promise<Record<Media, readonly AssetReference[]>> {
  const made = await Promise.all(PROMPTS.map(makeMediaOf));
  return {
    image: made.map(({ image }) => image),
    video: made.map(({ video }) => video),
    audio: made.map(({ audio }) => audio),
  };
}

async function makeMediaOf(prompt: string): Promise<Record<Media, AssetReference>> {
  const graph = aGraph(prompt)
    .node('image', 'generate:flux_2_pro', { width: 512, height: 512 })
    .edge('prompt', 'image')
    .node('video', 'video:kling_video_2_5_i2v', { durationSeconds: 5 })
    .edge('image', 'video')
    .edge('prompt', 'video')
    .node('audio', 'audio:text_to_speech')
    .edge('prompt', 'audio')
    .node('spoken', 'video:replace_audio')
    .edge('video', 'spoken')
    .edge('audio', 'spoken')
    .build();
  const { executionId } = await test.client.execute(graph);
  const { status, nodes, error } = await test.client.wait(executionId);
  expect([status, error]).toEqual(['COMPLETED', null]);
  const outputOf = (id: string, kind: Media) => nodes[id]?.output[kind] as AssetReference;
  return {
    image: outputOf('image', 'image'),
    video: outputOf('spoken', 'video'),
    audio: outputOf('audio', 'audio'),
  };
}

/** One node of each type, with an input node of its own at every port that must be connected. */
function graphOf(definitions: readonly NodeDefinition[]): object {
  const nodes: object[] = [];
  const edges: object[] = [];
  const sources = new Map<string, string>();
  const sourceOf = (type: PortType, value: JsonValue): string => {
    const key = `${type} ${JSON.stringify(value)}`;
    const known = sources.get(key);
    if (known !== undefined) return known;
    const id = `source${sources.size}`;
    nodes.push({ id, data: { nodeType: `input:${type}`, config: { value } } });
    sources.set(key, id);
    return id;
  };
  for (const definition of definitions) {
    const { type, inputs } = definition;
    const id = idOf(type);
    nodes.push({
      id,
      data: { nodeType: type, config: configOf(definition) },
    });
    for (const [port, { type: portType, required, many }] of Object.entries(inputs)) {
      const given = sampleInputs(type)[port];
      if (required !== true && given === undefined) continue;
      const values = given ?? usualValues(valueType(portType)).slice(0, many ? 2 : 1);
      for (const value of values)
        edges.push({
          id: `e${edges.length}`,
          source: sourceOf(valueType(portType), value),
          target: id,
          targetHandle: port,
        });
    }
  }
  return { nodes, edges };
}

/** The cheapest at a provider; local work has no cheap form that still makes sense. */
function configOf(definition: NodeDefinition): JsonObject {
  const small = definition.implementation.kind === 'provider' ? smallestConfig(definition) : {};
  return { ...leastConfigs[definition.type], ...small };
}

/** Two that differ: an edge may not be drawn twice. */
function usualValues(type: PortType): readonly JsonValue[] {
  switch (type) {
    case 'text':
      return PROMPTS;
    case 'number':
      return [3, 4];
    case 'boolean':
      return [true, false];
    case 'json':
      return [{ name: 'lighthouse', heights: [3, 1, 2] }, { name: 'garden' }];
    case 'file':
      return usualValues('image');
    default:
      return media[type].map(({ assetId }) => ({ assetId }));
  }
}

/** Values at ports for which the usual ones make no sense; one a connected edge. */
function sampleInputs(type: string): Readonly<Record<string, readonly JsonValue[]>> {
  switch (type) {
    case 'utility:json_parse':
      return { text: ['{"a": 1}'] };
    case 'utility:number_from_text':
      return { text: ['1,234.5'] };
    case 'utility:date_parts':
      return { text: ['2026-11-26T15:04:05Z'] };
    case 'utility:subtitles':
      return { words: [[{ text: 'A lighthouse', start: 0, end: 2 }]] };
    case 'utility:pick_image':
      return { items: [media.image.map((image) => ({ ...image }))] };
    case 'video:burn_subtitles':
      return { subtitles: ['1\n00:00:00,000 --> 00:00:02,000\nA lighthouse\n'] };
    default:
      return /^utility:(list_|math_(sum|average))/.test(type)
        ? { items: [[3, 1, 2]], a: [[3, 1, 2]], b: [[4, 5, 6]] }
        : {};
  }
}

function idOf(type: string): string {
  return type.replace(':', '-');
}

async function run(definitions: readonly NodeDefinition[]): Promise<ExecutionView> {
  const graph = graphOf(definitions);
  const told = await test.client.quote(graph).catch((error: unknown) => error);
  expect(told instanceof EverframeError ? told.issues : []).toEqual([]);
  const { executionId } = await test.client.execute(graph);
  return test.client.wait(executionId);
}

function isAsset(value: unknown): value is AssetReference & { readonly url: string } {
  return typeof value === 'object' && value !== null && 'assetId' in value && 'url' in value;
}

/** What a value is by its bytes, not by what is said of it. */
async function typeOf(value: unknown): Promise<string> {
  if (!isAsset(value)) return typeof value;
  const bytes = await test.client.downloadAsset(value);
  const sniffed = sniffMediaType(bytes);
  expect(bytes.byteLength).toBe(value.bytes);
  if (sniffed === undefined || sniffed.kind === 'file') return value.type;
  const path = join(folder, value.assetId);
  writeFileSync(path, bytes);
  const { width, height, durationSeconds } = await probeMedia(path, sniffed.mimeType);
  expect({ width, height, durationSeconds }).toEqual({
    width: value.width,
    height: value.height,
    durationSeconds: value.durationSeconds,
  });
  return sniffed.kind;
}

const inlineTypes: Readonly<Partial<Record<PortType, readonly string[]>>> = {
  text: ['string', 'text'],
  number: ['number'],
  boolean: ['boolean'],
  json: ['object', 'number', 'string', 'boolean', 'json'],
  file: ['image', 'video', 'audio', 'file'],
};
