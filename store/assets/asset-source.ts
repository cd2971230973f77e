import { createReadStream } from 'node:fs';
import type { AssetSource } from './asset-store';

export function isPath(source: AssetSource): source is { readonly path: string } {
  // A read stream of node:fs has a `path` as well.
  return 'path' in source && !(Symbol.asyncIterator in source);
}

export async function* toChunks(source: AssetSource): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) yield source;
  else if (isPath(source)) yield* createReadStream(source.path);
  else yield* source;
}
