import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AssetMissingError,
  AssetTooLargeError,
  RangeNotSatisfiableError,
  type AssetStore,
} from '../../../store/assets/asset-store';

const options = { mimeType: 'image/png', maxBytes: 50_000_000 };

/** What every asset store promises, whatever it keeps its bytes in. */
export function describeAssetStore(
  name: string,
  open: (folder: string) => Promise<AssetStore> | AssetStore,
): void {
  describe(`the asset store ${name}`, () => {
    let folder: string;
    let store: AssetStore;
    let account: string;
    let bytes: Buffer;
    let sha256: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'everframe-store-'));
      store = await open(folder);
    });
    beforeEach(() => {
      account = `acc_${randomBytes(6).toString('hex')}`;
      bytes = randomBytes(200_000);
      sha256 = createHash('sha256').update(bytes).digest('hex');
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const readAll = async (): Promise<Buffer> =>
      Buffer.from(await store.read(account, sha256, { maxBytes: 1e8 }));
    const storedOf = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const each of store.stored()) if (each.accountId === account) found.push(each.sha256);
      return found;
    };

    it('gives back the bytes that were put, whatever form they came in, and keeps them once', async () => {
      const temp = await store.createTemp(account);
      await writeFile(temp.path, bytes);
      const foreign = join(folder, 'foreign-file');
      await writeFile(foreign, bytes);
      const sources = [bytes, { path: temp.path }, { path: foreign }, createReadStream(foreign)];
      for (const source of sources) {
        expect(await store.put(account, source, options)).toEqual({ sha256, bytes: bytes.length });
      }
      expect((await readAll()).equals(bytes)).toBe(true);
      expect(await storedOf()).toEqual([sha256]);
      expect([existsSync(foreign), existsSync(temp.path)]).toEqual([true, false]);
    });

    it('keeps a file that is larger than one request takes, and an empty one', async () => {
      const large = randomBytes(20_000_001);
      const stored = await store.put(account, large, options);
      expect(stored.sha256).toBe(createHash('sha256').update(large).digest('hex'));
      const { stream, totalBytes } = await store.open(account, stored.sha256);
      expect(totalBytes).toBe(large.length);
      expect((await buffer(stream)).equals(large)).toBe(true);

      const empty = await store.put(account, new Uint8Array(), options);
      expect(empty.bytes).toBe(0);
      expect(await store.read(account, empty.sha256, { maxBytes: 0 })).toHaveLength(0);
    });

    it.each([
      [{ start: 0, end: 0 }, 0, 0],
      [{ start: 150_000 }, 150_000, 199_999],
      [{ start: 199_999, end: 900_000 }, 199_999, 199_999],
    ])('gives the range %j', async (range, start, end) => {
      await store.put(account, bytes, options);
      const opened = await store.open(account, sha256, range);
      expect(opened).toMatchObject({ start, end, totalBytes: 200_000 });
      expect((await buffer(opened.stream)).equals(bytes.subarray(start, end + 1))).toBe(true);
    });

    it('refuses a range beyond the end with the size, and takes no file over the limit', async () => {
      await store.put(account, bytes, options);
      const beyond = store.open(account, sha256, { start: 200_000 });
      await expect(beyond).rejects.toMatchObject({ totalBytes: 200_000 });
      await expect(beyond).rejects.toBeInstanceOf(RangeNotSatisfiableError);
      await expect(store.read(account, sha256, { maxBytes: 199_999 })).rejects.toBeInstanceOf(
        AssetTooLargeError,
      );
      const small = { ...options, maxBytes: 10 };
      await expect(store.put(account, randomBytes(11), small)).rejects.toBeInstanceOf(AssetTooLargeError);
    });

    it('stores nothing of a source that breaks off', async () => {
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield bytes;
        throw new Error('the download broke off');
      };
      await expect(store.put(account, broken(), options)).rejects.toThrow('broke off');
      expect(await storedOf()).toEqual([]);
    });

    it('gives a local file for local work, whole', async () => {
      await store.put(account, bytes, options);
      const file = await store.localFile(account, sha256);
      expect((await readFile(file.path)).equals(bytes)).toBe(true);
      await file.remove();
      expect(await store.has(account, sha256)).toBe(true);
    });

    it('has nothing of what was never put, is deleted, or is of another account', async () => {
      await store.put(account, bytes, options);
      for (const missing of [store.open('acc_other', sha256), store.localFile(account, 'a'.repeat(64))]) {
        await expect(missing).rejects.toBeInstanceOf(AssetMissingError);
      }
      await store.delete(account, sha256);
      await store.delete(account, sha256);
      expect(await store.has(account, sha256)).toBe(false);
      expect(await storedOf()).toEqual([]);
    });

    it('deletes only what was put before a moment, where one is given', async () => {
      await store.put(account, bytes, options);
      const hour = 3_600_000;
      expect(await store.delete(account, sha256, { storedBeforeMs: Date.now() - hour })).toBe(false);
      expect(await store.has(account, sha256)).toBe(true);
      expect(await store.delete(account, sha256, { storedBeforeMs: Date.now() + hour })).toBe(true);
      expect(await store.delete(account, sha256, { storedBeforeMs: Date.now() + hour })).toBe(false);
      expect(await store.has(account, sha256)).toBe(false);
    });

    it('says of everything when it was stored', async () => {
      await store.put(account, bytes, options);
      for await (const each of store.stored()) {
        if (each.accountId === account) expect(Math.abs(Date.now() - each.storedAtMs)).toBeLessThan(60_000);
      }
      expect(await storedOf()).toEqual([sha256]);
    });

    it.each(['../acc', 'acc/../x', '', 'a'.repeat(65)])(
      'lets no account "%s" out of its folder',
      async (id) => {
        await expect(store.put(id, bytes, options)).rejects.toThrow('account id');
        await expect(store.open(id, sha256)).rejects.toThrow('account id');
        await expect(store.open(account, '../../etc/passwd')).rejects.toThrow('64 hex digits');
      },
    );

    it('removes temp files that nobody can own any more, and no others', async () => {
      const [old, young] = [await store.createTemp(account), await store.createTemp(account)];
      await Promise.all([writeFile(old.path, 'x'), writeFile(young.path, 'x')]);
      const yesterday = new Date(Date.now() - 86_400_000);
      await utimes(old.path, yesterday, yesterday);
      expect(await store.removeStaleTemps(3_600_000)).toBe(1);
      expect([existsSync(old.path), existsSync(young.path)]).toEqual([false, true]);
    });
  });
}
