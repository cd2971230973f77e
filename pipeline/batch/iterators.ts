import type { JsonValue } from '../../workflows/contract';

/** One `iteratorConfigs` entry, its values read: CSV is a list by now. */
export interface Iterator {
  readonly nodeId: string;
  /** Field of the node's config, from the outside in; absent: the value of an input node. */
  readonly path?: readonly string[];
  readonly values: readonly JsonValue[];
  /** Of the values, only so many. */
  readonly limit?: number;
  /** How it joins those before it; of the first one it means nothing. */
  readonly mode: 'zip' | 'product';
}

/** One call, at most. */
export const BATCH_ITEMS_MAX = 1_000;

/** Where a value of an item goes. */
export interface IteratorPlace {
  readonly nodeId: string;
  /** Of the node's config. */
  readonly path?: readonly string[];
  /** Of an input node without a path: the name in triggerData that brings its value. */
  readonly triggerKey?: string;
}

/** `config.prompt`, `data.config.prompt` and `prompt` are the same place. */
export function readIteratorPath(path: string): readonly string[] {
  const segments = path.split('.');
  if (segments[0] === 'data' && segments[1] === 'config') return segments.slice(2);
  return segments[0] === 'config' ? segments.slice(1) : segments;
}
