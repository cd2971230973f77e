import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../api/support/test-api';

const folder = mkdtempSync(join(tmpdir(), 'everframe-docs-'));
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Any refused call ends the script, and no call waits for a run: there is no worker. */
const PREAMBLE = `set -euo pipefail
curl() { command curl --fail-with-body -sS -H "Prefer: wait=0" "$@"; }
`;

describe('docs/workflows.md', () => {
  it('holds commands that run as they stand, one after the other', async () => {
    const page = readFileSync(join(__dirname, '../../docs/workflows.md'), 'utf8');
    const blocks = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text ?? '');
    expect(blocks.length).toBeGreaterThan(6);
    const script = blocks.join('\n').replace(/^(KEY|URL)=.*$/gm, '');
    const env = { ...process.env, KEY: api.account.key, URL: api.url };
    const { stdout } = await promisify(execFile)('bash', ['-c', PREAMBLE + script], { cwd: folder, env });
    expect(stdout).toContain('executionId');
    expect(stdout).not.toContain('"error":"');
  });
});
