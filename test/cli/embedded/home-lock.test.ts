import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findHolder, lockHome } from '../../../cli/embedded/home-lock';
import { identifyProcess } from '../../../cli/embedded/process-identity';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'everframe-lock-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('lockHome', () => {
  it('gives a home to one holder at a time, and names it', () => {
    const unlock = lockHome(home);
    expect(findHolder(home)?.pid).toBe(process.pid);
    expect(() => lockHome(home)).toThrow(`pid ${process.pid}`);
    unlock();
    expect(findHolder(home)).toBeUndefined();
    lockHome(home)();
    expect(readdirSync(home)).toEqual([]);
  });

  it('takes over from a holder that was killed', async () => {
    const child = spawn('sleep', ['60']);
    writeFileSync(join(home, 'supervisor.lock'), JSON.stringify(identifyProcess(child.pid ?? 0)));
    expect(() => lockHome(home)).toThrow(`pid ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockHome(home)();
  });

  it('is not fooled by a stranger that got the pid of a dead holder', () => {
    writeFileSync(
      join(home, 'supervisor.lock'),
      JSON.stringify({ pid: process.pid, startedAt: 'another time' }),
    );
    const unlock = lockHome(home);
    expect(JSON.parse(readFileSync(join(home, 'supervisor.lock'), 'utf8'))).toEqual(
      identifyProcess(process.pid),
    );
    unlock();
  });

  it('takes over from a broken lock file', () => {
    writeFileSync(join(home, 'supervisor.lock'), '');
    lockHome(home)();
  });

  it('says what to do about a folder that cannot be written', () => {
    expect(() => lockHome(join(home, 'missing'))).toThrow(/ENOENT/);
  });
});
