import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { pack } from 'tar-stream';
import { runCommand } from './support/run-command';

const folder = mkdtempSync(path.join(tmpdir(), 'everframe-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function replay(name: string) {
  return runCommand(['replay', name], { environment: {}, workingFolder: folder });
}

async function archive(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  const entries = pack();
  for (const [file, text] of Object.entries(files)) entries.entry({ name: file }, text);
  entries.finalize();
  await pipeline(Readable.from(entries), createWriteStream(path.join(folder, name)));
}

describe('everframe replay', () => {
  it.each<[string, () => void | Promise<void>, RegExp]>([
    ['is not there', () => undefined, /cannot be read as a bundle: ENOENT/],
    [
      'is no archive',
      () => writeFileSync(path.join(folder, 'x.tar'), 'x'.repeat(2_000)),
      /cannot be read as a bundle/,
    ],
    ['is another archive', () => archive('x.tar', { 'readme.txt': 'hello' }), /holds no bundle.json/],
    [
      'is of another format',
      () => archive('x.tar', { 'bundle.json': '{"format":"other"}' }),
      /not of this release/,
    ],
    ['is damaged', () => archive('x.tar', { 'bundle.json': '{"format":' }), /bundle.json is not JSON/],
    [
      'holds a file by another name',
      () => archive('x.tar', { 'assets/../../etc': 'x', 'bundle.json': '{}' }),
      /holds a file named/,
    ],
  ])('ends with 2 and says why when the file %s', async (_what, prepare, message) => {
    rmSync(path.join(folder, 'x.tar'), { force: true });
    await prepare();
    const { exitCode, stderr } = await replay('x.tar');
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
