import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { BringUpError, explainWriteError, messageOf, systemErrorCode } from './bring-up-error';

/**
 * SHA-256 of the vendor's release archives of CLI 1.5.1, by Go's names of system and processor.
 * Source: temporal-cli.hcl in github.com/cashapp/hermit-packages (all four) and github.com/zph/hermit-packages
 * (the same values for darwin/arm64, darwin/amd64, linux/amd64), read 2026-11-21.
 */
const archiveSha256: Readonly<Record<string, string>> = {
  'linux-amd64': 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  'linux-arm64': 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
  'darwin-amd64': 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  'darwin-arm64': 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
};

/** No answer within this many milliseconds counts as "no network", so that an offline start moves on. */
const connectLimitMs = 8_000;
/** A download (about 50 MB) that takes longer than this many milliseconds is given up. */
const downloadLimitMs = 10 * 60_000;

export interface DownloadOptions {
  /** Where the program is put, whole or not at all. */
  readonly target: string;
  readonly version: string;
  readonly report: (line: string) => void;
  readonly fetch: typeof fetch;
  /** Replaces the pinned checksums, for tests. */
  readonly sha256?: Readonly<Record<string, string>>;
}

/**
 * Downloads the vendor's release archive, checks its SHA-256 and puts the program in place.
 *
 * @returns undefined when the program is there, else one clause on why it cannot be had (no network, no pin)
 * @throws BringUpError when what arrived is not what was pinned, or the disk refuses
 */
export async function downloadTemporal(options: DownloadOptions): Promise<string | undefined> {
  const platform = goPlatform();
  const expected = (options.sha256 ?? archiveSha256)[platform];
  if (expected === undefined) return `no checksum is pinned for ${platform}`;
  const name = `temporal_cli_${options.version}_${platform.replace('-', '_')}.tar.gz`;
  const url = `https://github.com/temporalio/cli/releases/download/v${options.version}/${name}`;
  const answer = await requestArchive(url, options);
  if (typeof answer === 'string') return answer;
  options.report(`downloading Temporal ${options.version} (once, about 50 MB)`);
  const folder = await makeWorkFolder(options.target);
  try {
    const archive = join(folder, name);
    const failure = await saveArchive(answer, archive);
    if (failure !== undefined) return failure;
    await install(archive, { expected, url, folder, target: options.target });
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requestArchive(url: string, options: DownloadOptions): Promise<Response | string> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), connectLimitMs);
  try {
    const response = await options.fetch(url, { signal: abort.signal, redirect: 'follow' });
    return response.ok ? response : `${new URL(url).host} answered ${response.status}`;
  } catch (error) {
    return abort.signal.aborted ? `no answer within ${connectLimitMs / 1000} s` : networkReason(error);
  } finally {
    clearTimeout(timer);
  }
}

async function saveArchive(response: Response, archive: string): Promise<string | undefined> {
  if (response.body === null) return 'the answer was empty';
  try {
    const signal = AbortSignal.timeout(downloadLimitMs);
    await pipeline(Readable.fromWeb(response.body), createWriteStream(archive), { signal });
    return undefined;
  } catch (error) {
    const explained = explainWriteError(error, archive);
    if (explained !== error) throw explained;
    return `the download broke off (${networkReason(error)})`;
  }
}

interface Install {
  readonly expected: string;
  readonly url: string;
  readonly folder: string;
  readonly target: string;
}

async function install(archive: string, step: Install): Promise<void> {
  const actual = await sha256OfFile(archive);
  if (actual !== step.expected) {
    throw new BringUpError(
      `${step.url} has SHA-256 ${actual}, pinned is ${step.expected}: it was changed on the way or at its source and is not used. Put the Temporal CLI on the PATH yourself, or set TEMPORAL_ADDRESS`,
    );
  }
  await promisify(execFile)('tar', ['-xzf', archive, '-C', step.folder, 'temporal']);
  await putInPlace(join(step.folder, 'temporal'), step.target);
}

/** Makes the program executable and moves it in one step, so that a killed start leaves no half file. */
export async function putInPlace(program: string, target: string): Promise<void> {
  await chmod(program, 0o755);
  await rename(program, target);
}

/** A fresh folder beside the target (same disk, so that the last move is atomic). */
export async function makeWorkFolder(target: string): Promise<string> {
  try {
    await mkdir(dirname(target), { recursive: true });
    return await mkdtemp(join(dirname(target), 'get-'));
  } catch (error) {
    throw explainWriteError(error, dirname(target));
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function goPlatform(): string {
  const processors: Record<string, string> = { x64: 'amd64' };
  return `${process.platform}-${processors[process.arch] ?? process.arch}`;
}

/** fetch hides the reason in `cause`. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return systemErrorCode(cause) ?? messageOf(cause);
}
