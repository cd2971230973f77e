import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { extract, type Extract, type Header } from 'tar-stream';
import { z } from 'zod';
import {
  ASSET_FOLDER,
  MANIFEST_BYTES_MAX,
  MANIFEST_NAME,
  replayBundleSchema,
} from '../pipeline/replay-bundle';
import type { ReplayBundle } from '../pipeline/replay-bundle';
import { BundleError } from './bundle-error';
import type { BundleAssets } from './bundle-assets';

/**
 * Reads an archive: gives its files to `assets`, each under the digest that it claims, and answers its manifest.
 * @throws BundleError
 */
export async function readBundle(path: string, assets: BundleAssets): Promise<ReplayBundle> {
  const entries = extract();
  const read = readEntries(entries, assets);
  // Whoever fails first says why; the other one then only knows that it was broken off.
  const [file, manifest] = await Promise.allSettled([pipeline(createReadStream(path), entries), read]);
  if (manifest.status === 'rejected' && manifest.reason instanceof BundleError) throw manifest.reason;
  if (file.status === 'rejected') throw notReadable(path, file.reason);
  if (manifest.status === 'rejected') throw notReadable(path, manifest.reason);
  if (manifest.value !== undefined) return parseManifest(manifest.value);
  throw new BundleError(
    `${path} holds no ${MANIFEST_NAME}. Give a file that "everframe bundle" has written.`,
  );
}

/** @returns the text of the manifest */
async function readEntries(entries: Extract, assets: BundleAssets): Promise<string | undefined> {
  let manifest: string | undefined;
  for await (const entry of entries) {
    const { name } = entry.header;
    if (name === MANIFEST_NAME) manifest = await readText(entry.header, chunksOf(entry));
    else if (name.startsWith(ASSET_FOLDER))
      await assets.add(name.slice(ASSET_FOLDER.length), chunksOf(entry));
    // A later release may put more into it.
    else entry.resume();
  }
  return manifest;
}

async function* chunksOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

async function readText({ size }: Header, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  if (size > MANIFEST_BYTES_MAX) {
    throw new BundleError(`${MANIFEST_NAME} has ${size} bytes; ${MANIFEST_BYTES_MAX} are allowed.`);
  }
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read).toString('utf8');
}

function parseManifest(text: string): ReplayBundle {
  const parsed = replayBundleSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new BundleError(
    `${MANIFEST_NAME} is not of this release or damaged: ${z.prettifyError(parsed.error)}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BundleError(`${MANIFEST_NAME} is not JSON: the bundle is damaged.`, { cause: error });
  }
}

function notReadable(path: string, reason: unknown): BundleError {
  const why = reason instanceof Error ? reason.message : String(reason);
  return new BundleError(`${path} cannot be read as a bundle: ${why}`, { cause: reason });
}
