import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from './project-folder.mjs';
import { runStep } from './run-step.mjs';
import { withLock } from './with-lock.mjs';

/** Runs `npm ci` when what is installed is not what package-lock.json asks for. */
export async function installPackages() {
  if (isInstalled()) return;
  await withLock(join(projectFolder, 'dist', '.install-lock'), async () => {
    if (isInstalled()) return;
    // SKIP_FFMPEG: node-av brings its FFmpeg libraries as npm packages; this leaves out a further download.
    const env = { ...process.env, SKIP_FFMPEG: 'true' };
    await runStep('installing packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], { env });
  });
}

/**
 * npm writes what it installed to node_modules/.package-lock.json as its last act. Comparing that with the lock file
 * also accepts an install that somebody ran by hand. Optional packages of other platforms are rightly absent.
 */
function isInstalled() {
  const wanted = readPackages(join(projectFolder, 'package-lock.json'));
  const present = readPackages(join(projectFolder, 'node_modules', '.package-lock.json'));
  if (wanted === undefined)
    throw new Error('package-lock.json is missing or broken: restore it from version control');
  if (present === undefined) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || present[path]?.version === entry.version,
  );
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
