#!/usr/bin/env node
/**
 * Entry of every npm script and of `npx everframe`: installs packages and builds when something changed, then runs the
 * command. Needs nothing but Node itself, so that a fresh clone has no step before it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, checkTypes } from './lib/build.mjs';
import { installPackages } from './lib/install-packages.mjs';
import { projectFolder } from './lib/project-folder.mjs';
import { requireNode } from './lib/require-node.mjs';

async function main([command = 'help', ...rest]) {
  requireNode();
  loadSettings();
  await installPackages();
  if (command === 'check') return (await import('./check.mjs')).check();
  await build();
  if (command === 'build') return checkTypes();
  if (command === 'test') return (await import('./test.mjs')).test();
  if (command === 'test:long') return (await import('./test.mjs')).testLong(rest);
  const isBench = command === 'bench';
  const program = join(projectFolder, 'dist', isBench ? 'bench' : 'cli', 'main.js');
  process.argv = [process.argv[0], program, ...(isBench ? rest : [command, ...rest])];
  createRequire(import.meta.url)(program);
}

/** Settings in a file `.env` of the project count as if they were set in the environment, which has precedence. */
function loadSettings() {
  const path = join(projectFolder, '.env');
  if (existsSync(path)) process.loadEnvFile(path);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`everframe: ${error.message}`);
  process.exitCode = 1;
});
