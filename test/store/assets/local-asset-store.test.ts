import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AssetMissingError,
  AssetStoreUnavailableError,
  AssetTooLargeError,
  RangeNotSatisfiableError,
  type AssetStore,
} from '../../../store/assets/asset-store';
import { createLocalAssetStore } from '../../../store/assets/local-asset-store';
import { describeAssetStore } from './asset-store-contract';

const account = 'acc_1';
const options = { mimeType: 'image/png', maxBytes: 1_000_000 };
const bytes = randomBytes(200_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');

async function* inChunks(source: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < source.length; start += size) yield source.subarray(start, start + size);
}

describeAssetStore('on local disk, by the contract', createLocalAssetStore);

describe('the asset store on local disk', () => {
  let root: string;
  let store: AssetStore;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'everframe-assets-'));
    store = createLocalAssetStore(root);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const filesIn = async (folder: string) => {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  };

  it('gives back the bytes that were put, whatever form they came in, and keeps them once', async () => {
    const temp = await store.createTemp(account);
    await writeFile(temp.path, bytes);
    const foreign = join(root, 'foreign-file');
    await writeFile(foreign, bytes);
    const sources = [
      bytes,
      inChunks(bytes),
      { path: temp.path },
      { path: foreign },
      createReadStream(foreign),
    ];
    for (const source of sources) {
      expect(await store.put(account, source, options)).toEqual({ sha256, bytes: bytes.length });
    }
    await temp.remove();
    expect(await filesIn(account)).toEqual([sha256]);
    expect(existsSync(foreign)).toBe(true);
    expect(Buffer.from(await store.read(account, sha256, { maxBytes: 200_000 })).equals(bytes)).toBe(true);
    const local = await store.localFile(account, sha256);
    expect((await readFile(local.path)).equals(bytes)).toBe(true);
  });

  it('stores one file when twenty put the same bytes at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => store.put(account, inChunks(bytes), options)));
    expect(await filesIn(account)).toEqual([sha256]);
  });

  it('heals a file that was damaged on disk when its bytes come again', async () => {
    await store.put(account, bytes, options);
    const { path } = await store.localFile(account, sha256);
    await writeFile(path, 'damaged');
    await store.put(account, bytes, options);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('keeps accounts apart', async () => {
    await store.put(account, bytes, options);
    expect(await store.has('acc_2', sha256)).toBe(false);
    await expect(store.open('acc_2', sha256)).rejects.toThrow(AssetMissingError);
    await expect(store.read('acc_2', sha256, { maxBytes: 1 })).rejects.toThrow(AssetMissingError);
  });

  it('gives ranges with both ends included, cut at the end of the file', async () => {
    await store.put(account, bytes, options);
    const read = async (range?: { start: number; end?: number }) => {
      const opened = await store.open(account, sha256, range);
      const { stream, ...facts } = opened;
      return {
        ...facts,
        isRight: (await buffer(stream)).equals(bytes.subarray(opened.start, opened.end + 1)),
      };
    };
    const totalBytes = bytes.length;
    expect(await read()).toEqual({ totalBytes, start: 0, end: 199_999, isRight: true });
    expect(await read({ start: 5, end: 5 })).toEqual({ totalBytes, start: 5, end: 5, isRight: true });
    expect(await read({ start: 199_000 })).toEqual({
      totalBytes,
      start: 199_000,
      end: 199_999,
      isRight: true,
    });
    expect(await read({ start: 7, end: 1e9 })).toEqual({ totalBytes, start: 7, end: 199_999, isRight: true });
    for (const range of [{ start: 200_000 }, { start: 9, end: 8 }]) {
      await expect(store.open(account, sha256, range)).rejects.toThrow(RangeNotSatisfiableError);
    }
  });

  it('keeps an empty file', async () => {
    const empty = await store.put(account, new Uint8Array(), options);
    expect(empty.bytes).toBe(0);
    const { stream, totalBytes } = await store.open(account, empty.sha256);
    expect([totalBytes, (await buffer(stream)).length]).toEqual([0, 0]);
  });

  it('stops at the limit, whatever the source says, and leaves nothing behind', async () => {
    const limited = { ...options, maxBytes: bytes.length - 1 };
    let chunksTaken = 0;
    async function* counted() {
      for (let index = 0; index < 1_000; index++) {
        chunksTaken++;
        yield bytes.subarray(0, 50_000);
      }
    }
    for (const source of [bytes, counted()]) {
      await expect(store.put(account, source, limited)).rejects.toThrow(AssetTooLargeError);
    }
    expect(chunksTaken).toBe(4);
    expect(await filesIn(account)).toEqual([]);
    await store.put(account, bytes, options);
    await expect(store.read(account, sha256, limited)).rejects.toThrow(AssetTooLargeError);
  });

  it('leaves nothing behind when the source breaks', async () => {
    async function* broken() {
      yield bytes;
      throw new Error('connection reset');
    }
    await expect(store.put(account, broken(), options)).rejects.toThrow('connection reset');
    expect(await filesIn(account)).toEqual([]);
  });

  it('shows no part of a file when its writer is killed, and its rest is swept once it is old', async () => {
    const child = spawn(process.execPath, [join(__dirname, 'write-and-die.cjs'), root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    expect(String(said)).toBe('writing\n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const left = await filesIn(account);
    expect(left).toHaveLength(1);
    expect(await readdir(join(root, account))).toEqual(['temp']);
    expect(await store.removeStaleTemps(60_000)).toBe(0);
    const path = join(root, account, 'temp', left[0] ?? '');
    expect((await stat(path)).size).toBeGreaterThan(0);
    await utimes(path, new Date(0), new Date(0));
    expect(await store.removeStaleTemps(60_000)).toBe(1);
    expect(await filesIn(account)).toEqual([]);
  });

  it('deletes, also what is not there', async () => {
    await store.put(account, bytes, options);
    await store.delete(account, sha256);
    await store.delete(account, sha256);
    expect(await store.has(account, sha256)).toBe(false);
  });

  it('takes no name that could lead out of its folder', async () => {
    for (const name of ['../x', '..', 'a/b', '', 'x'.repeat(65), 'a\0']) {
      await expect(store.put(name, bytes, options)).rejects.toThrow(TypeError);
    }
    for (const digest of ['../../etc/passwd', sha256.toUpperCase(), `${sha256}/..`, '']) {
      await expect(store.open(account, digest)).rejects.toThrow(TypeError);
    }
  });

  it('says that the disk refused when it cannot write', async () => {
    const blocked = createLocalAssetStore(join(root, 'file'));
    await writeFile(join(root, 'file'), '');
    const put = blocked.put(account, bytes, options);
    await expect(put).rejects.toThrow(AssetStoreUnavailableError);
    await expect(put).rejects.toThrow(/the disk refused \(ENOTDIR\)/);
    expect(await blocked.removeStaleTemps(0)).toBe(0);
  });
});
