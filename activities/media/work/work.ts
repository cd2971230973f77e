import type { JsonValue } from '../../../workflows/contract';

/** One piece of local work inside a media child, see pipeline/nodes/local. */
export interface Work<Config> {
  readonly config: Config;
  /** Files at the input ports, in edge order. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** Empty folder of this work alone: results and scratch files. */
  readonly folder: string;
}

export interface WorkResult {
  /** Output port → its file, or its list of files. */
  readonly files?: Readonly<Record<string, string | readonly string[]>>;
  readonly values?: Readonly<Record<string, JsonValue>>;
}

export type Worker<Config> = (work: Work<Config>) => Promise<WorkResult>;

/** The one file at a port. */
export function fileAt({ inputs }: Pick<Work<unknown>, 'inputs'>, port: string): string {
  const [path] = inputs[port] ?? [];
  if (path === undefined) throw new TypeError(`Port "${port}" has no file.`);
  return path;
}
