import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';

interface Outcome {
  readonly code: number;
  readonly output: string;
}

const folder = mkdtempSync(join(tmpdir(), 'everframe-demo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the demo as a user does, in a folder of its own, on embedded servers; only the providers' time is skipped. */
function runDemo(...args: string[]): Promise<Outcome> {
  const { DATABASE_URL: _database, TEMPORAL_ADDRESS: _temporal, ...inherited } = process.env;
  const env = { ...inherited, EVERFRAME_HOME: join(folder, 'home'), EVERFRAME_SANDBOX_LATENCY_SCALE: '0' };
  const program = join(__dirname, '../../scripts/everframe.mjs');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'demo', ...args], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
}

describe('npm run demo', () => {
  let demo: Outcome;
  beforeAll(async () => {
    demo = await runDemo();
  }, 150_000);

  it('exits 0 with the run COMPLETED, showing each node with its provider, attempts and credits', () => {
    expect(demo).toMatchObject({ code: 0 });
    expect(demo.output).toMatch(/upscale +COMPLETED +image:crystal_upscaler +fal +1 +\d+ +out\//);
    expect(demo.output).toMatch(/COMPLETED.*credits charged/);
    expect(demo.output).toMatch(/API docs +http:\/\/127\.0\.0\.1:\d+\/docs/);
    expect(demo.output).toMatch(/Temporal UI +http:\/\/127\.0\.0\.1:\d+/);
  });

  it('leaves the finished 4K picture under ./out', async () => {
    const picture = await sharp(join(folder, 'out/text-to-image-upscale/upscale.image.png')).metadata();
    expect(picture.format).toBe('png');
    expect(picture.width).toBeGreaterThanOrEqual(3_840);
  });

  it('stops everything it started', () => {
    expect(JSON.parse(readFileSync(join(folder, 'home/processes.json'), 'utf8'))).toEqual([]);
  });

  it('names the examples there are when asked for another, and starts nothing', async () => {
    const { code, output } = await runDemo('no-such-example');
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/no example "no-such-example".*text-to-image-upscale/),
    ]);
  });
});
