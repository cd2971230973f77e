import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { BringUpError } from './bring-up-error';
import { buildTemporalWithGo } from './temporal-go-build';
import { downloadTemporal } from './temporal-download';

/** The vendor's CLI release whose dev server we run (server 1.29.1). */
export const temporalVersion = '1.5.1';

export interface TemporalBinaryOptions {
  /** Per-user cache: `<cacheFolder>/temporal/1.5.1/temporal` is kept for all projects and homes. */
  readonly cacheFolder: string;
  /** The PATH to look in. */
  readonly path: string;
  /** Called with one line at a time while something takes long. */
  readonly report: (line: string) => void;
  /** Replaces the vendor's download, for tests. */
  readonly fetch?: typeof fetch;
}

/**
 * Finds the `temporal` program, or gets it: on the PATH, in the cache, as the vendor's release (pinned by SHA-256),
 * or built with Go 1.25 or newer.
 *
 * @returns the program's path
 * @throws BringUpError when there is none and neither way to get one works
 */
export async function findTemporal(options: TemporalBinaryOptions): Promise<string> {
  const onPath = findOnPath('temporal', options.path);
  if (onPath !== undefined) return onPath;
  const folder = join(options.cacheFolder, 'temporal', temporalVersion);
  const cached = join(folder, 'temporal');
  if (isExecutable(cached)) return cached;
  const downloadFailure = await downloadTemporal({
    target: cached,
    version: temporalVersion,
    report: options.report,
    fetch: options.fetch ?? fetch,
  });
  if (downloadFailure === undefined) return cached;
  const go = findRecentGo(options.path);
  if (go === undefined) throw noWayToGetTemporal(downloadFailure, cached);
  options.report(`the Temporal release cannot be had here (${downloadFailure}); building it with Go instead`);
  await buildTemporalWithGo({ go, target: cached, version: temporalVersion, report: options.report });
  return cached;
}

/** The first executable file of that name on the PATH. */
export function findOnPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Go 1.25 or newer; the CLI's go.mod asks for it. */
function findRecentGo(path: string): string | undefined {
  const go = findOnPath('go', path);
  if (go === undefined) return undefined;
  try {
    const version = /go(\d+)\.(\d+)/.exec(
      execFileSync(go, ['version'], { encoding: 'utf8', env: { ...process.env, PATH: path } }),
    );
    const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
    return major > 1 || (major === 1 && minor >= 25) ? go : undefined;
  } catch {
    return undefined;
  }
}

function noWayToGetTemporal(downloadFailure: string, cached: string): BringUpError {
  return new BringUpError(
    [
      `there is no Temporal server: no "temporal" on the PATH, none at ${cached},`,
      `the release could not be downloaded (${downloadFailure}), and no Go 1.25 or newer is installed to build it.`,
      `Do one of these: connect to the network and start again; put the Temporal CLI ${temporalVersion} on the PATH;`,
      `install Go 1.25; or set TEMPORAL_ADDRESS to a running server.`,
    ].join(' '),
  );
}
