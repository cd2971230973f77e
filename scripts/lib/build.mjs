import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { compile } from './compile.mjs';
import { projectFolder } from './project-folder.mjs';
import { runStep } from './run-step.mjs';
import { withLock } from './with-lock.mjs';

const dist = join(projectFolder, 'dist');
const bundlePath = join(dist, 'workflow-bundle.js');
const bundler = 'scripts/bundle-workflows.mjs';

/** Compiles into dist/ and bundles the workflows, each only when its sources changed since the last time. */
export async function build() {
  const sources = sourceFolders().flatMap((folder) => filesBelow(join(projectFolder, folder), '.ts'));
  const configs = ['package-lock.json', 'scripts/lib/compile.mjs', bundler].map((name) =>
    join(projectFolder, name),
  );
  const hash = hashOf([...sources, ...configs]);
  if (isFresh('.build-stamp', hash)) return;
  await withLock(join(dist, '.build-lock'), async () => {
    if (isFresh('.build-stamp', hash)) return;
    removeOrphans();
    await compile(sources, dist);
    await bundleWorkflows();
    writeFileSync(join(dist, '.build-stamp'), hash);
  });
}

/** Checks the types of what is built. */
export async function checkTypes() {
  const compiler = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = ['-p', 'tsconfig.build.json', '--pretty', 'false', '--noEmit', '--incremental', 'false'];
  await runStep('checking types', process.execPath, [compiler, ...args]);
}

async function bundleWorkflows() {
  const parts = ['workflows', 'pipeline/pure'].flatMap((folder) => filesBelow(join(dist, folder), '.js'));
  const program = join(projectFolder, bundler);
  const hash = hashOf([...parts, join(projectFolder, 'package-lock.json'), program]);
  if (existsSync(bundlePath) && isFresh('.bundle-stamp', hash)) return;
  await runStep('bundling workflows', process.execPath, [program, bundlePath]);
  writeFileSync(join(dist, '.bundle-stamp'), hash);
}

/** A compiled file whose source is gone would still be found by `require`. */
function removeOrphans() {
  for (const compiled of filesBelow(dist, '.js')) {
    if (compiled === bundlePath) continue;
    const source = join(projectFolder, relative(dist, compiled).replace(/\.js$/, '.ts'));
    if (existsSync(source)) continue;
    rmSync(compiled);
    rmSync(`${compiled}.map`, { force: true });
  }
}

/** The folders of tsconfig.json without those that tsconfig.build.json leaves out. */
function sourceFolders() {
  const { include } = JSON.parse(readFileSync(join(projectFolder, 'tsconfig.json'), 'utf8'));
  const { exclude } = JSON.parse(readFileSync(join(projectFolder, 'tsconfig.build.json'), 'utf8'));
  return include.filter((folder) => !exclude.includes(folder));
}

function isFresh(stampName, hash) {
  try {
    return readFileSync(join(dist, stampName), 'utf8') === hash;
  } catch {
    return false;
  }
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths)
    hash.update(relative(projectFolder, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path, ending);
      return entry.name.endsWith(ending) ? [path] : [];
    });
}
