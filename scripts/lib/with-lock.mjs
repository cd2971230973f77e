import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const lookAgainMs = 200;

/** Runs `step` while no other process of this checkout does: two starts at once must not build over each other. */
export async function withLock(path, step) {
  mkdirSync(dirname(path), { recursive: true });
  let isAnnounced = false;
  while (!tryLock(path)) {
    if (!isAnnounced) console.error('waiting for another start that is installing or building');
    isAnnounced = true;
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    return await step();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

function tryLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHolderAlive(path)) rmSync(path, { force: true });
    return false;
  }
}

function isHolderAlive(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    if (!Number.isInteger(pid) || pid < 1) return true; // just being written
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
