import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { identifyProcess } from '../../../cli/embedded/process-identity';
import { ProcessRecord, stopLeftovers } from '../../../cli/embedded/process-record';

let folder = '';
let path = '';
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'everframe-record-'));
  path = join(folder, 'processes.json');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function startSleep(): number {
  const child = spawn('sleep', ['60']);
  children.push(child);
  return child.pid ?? 0;
}

describe('stopLeftovers', () => {
  it('ends the recorded processes that are alive and names them', async () => {
    const record = new ProcessRecord(path);
    const pids = [startSleep(), startSleep()];
    pids.forEach((pid, index) => record.add(`process-${index}`, pid, 'SIGTERM'));
    expect(await stopLeftovers(path)).toEqual(['process-1', 'process-0']);
    expect(pids.map(identifyProcess)).toEqual([undefined, undefined]);
    expect(await stopLeftovers(path)).toEqual([]);
  });

  it('leaves a stranger alone that got a recorded pid', async () => {
    const pid = startSleep();
    writeFileSync(
      path,
      JSON.stringify([{ name: 'api', pid, startedAt: 'another time', stopSignal: 'SIGTERM' }]),
    );
    expect(await stopLeftovers(path)).toEqual([]);
    expect(identifyProcess(pid)).toBeDefined();
  });

  it('forgets the process that a restarted one replaced', async () => {
    const record = new ProcessRecord(path);
    const [replaced, present] = [startSleep(), startSleep()];
    record.add('worker', replaced, 'SIGTERM');
    record.add('worker', present, 'SIGTERM');
    expect(await stopLeftovers(path)).toEqual(['worker']);
    expect(identifyProcess(replaced)).toBeDefined();
  });

  it.each(['', '{', '[{"pid":"x"}]', 'null'])(
    'takes a broken record (%j) as an empty one',
    async (content) => {
      writeFileSync(path, content);
      expect(await stopLeftovers(path)).toEqual([]);
    },
  );
});
