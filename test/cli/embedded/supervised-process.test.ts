import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ProcessSpec,
  startProcess,
  type SupervisedProcess,
} from '../../../cli/embedded/supervised-process';

let folder = '';
let supervised: SupervisedProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'everframe-supervised-'));
});
afterEach(async () => {
  await supervised?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Ends each child by `end` as soon as it serves. @returns milliseconds from each death to the next start */
async function downTimes(program: string, rounds: number, end: (pid: number) => void): Promise<number[]> {
  const downMs: number[] = [];
  let diedAtMs = 0;
  await new Promise<void>((resolve, reject) => {
    const spec: ProcessSpec = {
      name: 'child',
      command: process.execPath,
      args: ['-e', program],
      env: {},
      logPath: join(folder, 'child.log'),
      ipc: false,
      stopSignal: 'SIGTERM',
      stopLimitMs: 1_000,
      readyLimitMs: 10_000,
      isReady: (pid) => {
        // What serves is watched before the event loop turns.
        if (downMs.length < rounds) setImmediate(() => end(pid));
        else resolve();
        return true;
      },
    };
    startProcess(spec, {
      onSupervise: (process) => (supervised = process),
      onStart: () => {
        if (diedAtMs > 0) downMs.push(performance.now() - diedAtMs);
      },
      onUnexpectedExit: () => (diedAtMs = performance.now()),
    }).catch(reject);
  });
  return downMs;
}

describe('startProcess', () => {
  it('starts a child that was killed from outside again at once, however often', async () => {
    const downMs = await downTimes('setInterval(() => undefined, 60_000)', 8, (pid) =>
      process.kill(pid, 'SIGKILL'),
    );
    expect(downMs).toHaveLength(8);
    // Doubled delays would be 0.2, 0.4, 0.8, 1.6, 3.2 and then 5 s; a busy machine may be late, but not each time.
    expect(Math.min(...downMs.slice(3))).toBeLessThan(1_500);
  });

  it('lets a child that ends by itself again and again wait longer each time', async () => {
    const downMs = await downTimes('process.exit(1)', 3, () => undefined);
    expect(downMs[1]).toBeGreaterThan(350);
    expect(downMs[2]).toBeGreaterThan(700);
  });
});
