import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { EverframeClient } from '../../client/everframe-client';
import { type AssetView, assetViewSchema, type ExecutionView } from '../../pipeline/execution-view';

/** Files saved, by node id or `item-<index>`, each relative to the working folder, or absolute where that lies elsewhere. */
export type SavedFiles = Readonly<Record<string, readonly string[]>>;

const endings: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mpeg': 'mp3',
  'text/plain': 'txt',
  'application/json': 'json',
};

/**
 * Saves every node's outputs as `<folder>/<node>.<port>.<ending>`: assets are downloaded, values are written out. Of a batch
 * also what each finished item has made, as `<folder>/item-<index>/…`.
 */
export async function saveOutputs(
  client: EverframeClient,
  view: ExecutionView,
  folder: string,
): Promise<SavedFiles> {
  const nodes = Object.entries(view.nodes).map(([nodeId, { output }]) => [nodeId, output] as const);
  const saved = await saveNodes(client, nodes, folder);
  return view.items === null ? saved : { ...saved, ...(await saveItems(client, view.executionId, folder)) };
}

async function saveItems(client: EverframeClient, executionId: string, folder: string): Promise<SavedFiles> {
  const saved: Record<string, readonly string[]> = {};
  for (let cursor: string | undefined; ;) {
    const filters = { status: 'COMPLETED', limit: 100, ...(cursor === undefined ? {} : { cursor }) } as const;
    const page = await client.listItems(executionId, filters);
    for (const { index, output } of page.data) {
      const name = `item-${index}`;
      const files = await saveNodes(client, Object.entries(output), join(folder, name));
      saved[name] = Object.values(files).flat();
    }
    if (page.nextCursor === null) return saved;
    cursor = page.nextCursor;
  }
}

async function saveNodes(
  client: EverframeClient,
  nodes: readonly (readonly [string, Readonly<Record<string, unknown>>])[],
  folder: string,
): Promise<SavedFiles> {
  mkdirSync(folder, { recursive: true });
  const saved: Record<string, string[]> = {};
  for (const [nodeId, output] of nodes) {
    const values = Object.entries(output).flatMap(([port, value]) => numbered(port, value));
    const paths = values.map(([name, value]) =>
      saveValue(client, value, join(folder, safeName(`${nodeId}.${name}`))),
    );
    saved[nodeId] = (await Promise.all(paths)).map(shortestPath);
  }
  return saved;
}

function shortestPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

/** A port that collects many values gets one file for each, numbered from 1. */
function numbered(port: string, value: unknown): [string, unknown][] {
  if (!Array.isArray(value)) return [[port, value]];
  return value.map((item: unknown, index) => [`${port}.${index + 1}`, item]);
}

/** Names come from the server: none leads out of the folder. */
function safeName(name: string): string {
  return name.replace(/[^\w.-]/g, '_');
}

async function saveValue(client: EverframeClient, value: unknown, stem: string): Promise<string> {
  const asset = assetViewSchema.safeParse(value);
  if (asset.success) return downloadAsset(client, asset.data, stem);
  const isText = typeof value === 'string';
  const path = `${stem}.${isText ? 'txt' : 'json'}`;
  writeFileSync(path, `${isText ? value : JSON.stringify(value, null, 2)}\n`);
  return path;
}

async function downloadAsset(client: EverframeClient, asset: AssetView, stem: string): Promise<string> {
  const path = `${stem}.${endings[asset.mimeType.split(';')[0] ?? ''] ?? 'bin'}`;
  writeFileSync(path, await client.downloadAsset(asset));
  return path;
}
