import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findTemporal } from '../../../cli/embedded/temporal-binary';
import { downloadTemporal } from '../../../cli/embedded/temporal-download';

let folder = '';
let cached = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'everframe-temporal-'));
  cached = join(folder, 'cache', 'temporal', '1.5.1', 'temporal');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const offline: typeof fetch = () =>
  Promise.reject(new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }));

function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function find(lines: string[] = []): Promise<string> {
  return findTemporal({
    cacheFolder: join(folder, 'cache'),
    path: join(folder, 'bin'),
    report: (line) => lines.push(line),
    fetch: offline,
  });
}

/** A go that "installs" a program which prints the module it was asked for. */
const stubGo = (version: string): string => `case "$1" in
  version) echo "go version go${version} linux/amd64" ;;
  install) echo "#!/bin/sh" > "$GOBIN/temporal"; echo "echo $3" >> "$GOBIN/temporal" ;;
esac`;

describe('findTemporal', () => {
  it('takes the program on the PATH first, then the cached one', async () => {
    program(cached, 'true');
    expect(await find()).toBe(cached);
    const onPath = program(join(folder, 'bin', 'temporal'), 'true');
    expect(await find()).toBe(onPath);
  });

  it('builds with Go where the release cannot be reached, once', async () => {
    const go = program(join(folder, 'bin', 'go'), stubGo('1.25.3'));
    const lines: string[] = [];
    expect(await find(lines)).toBe(cached);
    expect(lines[0]).toMatch(/cannot be had here \(ENOTFOUND\); building it with Go/);
    expect(execFileSync(cached, { encoding: 'utf8' })).toBe(
      'github.com/temporalio/cli/cmd/temporal@v1.5.1\n',
    );
    expect(readdirSync(dirname(cached))).toEqual(['temporal']);
    rmSync(go);
    expect(await find()).toBe(cached);
  });

  it.each(['1.24.9', '0.99'])('says what to do when there is no release and only Go %s', async (version) => {
    program(join(folder, 'bin', 'go'), stubGo(version));
    await expect(find()).rejects.toThrow(
      /could not be downloaded \(ENOTFOUND\), and no Go 1.25.*set TEMPORAL_ADDRESS/,
    );
  });

  it('shows what Go said when the build fails, and leaves no half program', async () => {
    program(
      join(folder, 'bin', 'go'),
      'if [ "$1" = version ]; then echo go1.26.0; else echo no space >&2; exit 1; fi',
    );
    await expect(find()).rejects.toThrow(/failed.*Go said:\nno space/s);
    expect(readdirSync(dirname(cached))).toEqual([]);
  });
});

describe('downloadTemporal', () => {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

  function anArchive(): Buffer {
    program(join(folder, 'release', 'temporal'), 'echo from the release');
    execFileSync('tar', ['-czf', join(folder, 'a.tgz'), '-C', join(folder, 'release'), 'temporal']);
    return readFileSync(join(folder, 'a.tgz'));
  }

  function download(archive: Buffer, sha256: string): Promise<string | undefined> {
    return downloadTemporal({
      target: cached,
      version: '1.5.1',
      report: () => undefined,
      fetch: () => Promise.resolve(new Response(new Uint8Array(archive))),
      sha256: { [platform]: sha256 },
    });
  }

  it('puts the program of a release with the pinned checksum in place', async () => {
    const archive = anArchive();
    expect(await download(archive, createHash('sha256').update(archive).digest('hex'))).toBeUndefined();
    expect(execFileSync(cached, { encoding: 'utf8' })).toBe('from the release\n');
    expect(readdirSync(dirname(cached))).toEqual(['temporal']);
  });

  it('refuses a release with another checksum and keeps nothing of it', async () => {
    await expect(download(anArchive(), '0'.repeat(64))).rejects.toThrow(/pinned is 0+: it was changed/);
    expect(existsSync(cached)).toBe(false);
    expect(readdirSync(dirname(cached))).toEqual([]);
  });

  it('answers why when the server has no such release', async () => {
    const reason = await downloadTemporal({
      target: cached,
      version: '1.5.1',
      report: () => undefined,
      fetch: () => Promise.resolve(new Response('no', { status: 404 })),
      sha256: { [platform]: '0'.repeat(64) },
    });
    expect(reason).toBe('github.com answered 404');
  });
});
