/**
 * Bundles dist/workflows for Temporal's workflow sandbox, ahead of time: workers start without webpack, and a workflow
 * that imports something it may not fails the build instead of a worker.
 */
import { bundleWorkflowCode } from '@temporalio/worker';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from './lib/project-folder.mjs';

const target = process.argv[2];
const { code } = await bundleWorkflowCode({
  workflowsPath: join(projectFolder, 'dist', 'workflows', 'index.js'),
});
writeFileSync(`${target}.tmp`, code);
renameSync(`${target}.tmp`, target);
