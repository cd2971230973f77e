import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngBomb } from '../activities/media/media-fixtures';
import { startTestApi, type TestApi } from '../api/support/test-api';
import { runCommand, type CommandResult } from './support/run-command';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  folder = await mkdtemp(join(tmpdir(), 'everframe-cli-assets-'));
  await writeFile(join(folder, 'picture.png'), pngBomb(30, 20));
  await writeFile(join(folder, 'bomb.png'), pngBomb(60_000, 60_000));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

function everframe(line: string): Promise<CommandResult> {
  const environment = { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: api.account.key };
  return runCommand(line.split(' '), { environment, workingFolder: folder });
}

describe('everframe assets', () => {
  it('uploads a file, lists it and fetches its bytes', async () => {
    const uploaded = await everframe('assets upload picture.png --json');
    expect(uploaded.json()).toMatchObject({ type: 'image', width: 30, height: 20 });
    const { assetId } = uploaded.json() as { assetId: string };
    const listed = await everframe('assets --type image');
    expect(listed.stdout).toMatch(new RegExp(`${assetId} +image/png +\\d+ bytes +30 × 20`));
    const got = await everframe(`assets get ${assetId} --out copy.png`);
    expect([got.exitCode, got.stdout]).toEqual([0, expect.stringContaining(`${assetId}: image/png`)]);
    expect(await readFile(join(folder, 'copy.png'))).toEqual(pngBomb(30, 20));
  });

  it('says what is wrong with a file, and how to mend it', async () => {
    const bomb = await everframe('assets upload bomb.png');
    expect([bomb.exitCode, bomb.stderr]).toEqual([2, expect.stringMatching(/60000 × 60000.*smaller size/s)]);
    const missing = await everframe('assets upload missing.png');
    expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringContaining('cannot be read')]);
  });
});
