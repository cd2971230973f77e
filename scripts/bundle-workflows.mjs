/**
 * Bundles dist/workflows for Temporal's workflow sandbox, ahead of time: workers start without webpack, and a workflow
 * that imports something it may not fails the build instead of a worker.
 */
import { bundleWorkflowCode } from '@temporalio/worker';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from './lib/project-folder.mjs';

/**
 * Temporal's SDK takes a stack trace for each promise that a workflow makes and looks every frame up in the source map;
 * of the ten frames of V8's default that was a third of the workflow thread's time (docs/performance.md). The first two
 * are the SDK's own, so two of ours are left, in errors four.
 */
const STACK_FRAMES = 4;

const target = process.argv[2];
const workflowsPath = join(projectFolder, 'dist', 'workflows', 'index.js');
// None of these modules keeps anything: they are evaluated once for a worker, and not again for each workflow.
const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath] });
writeFileSync(`${target}.tmp`, `Error.stackTraceLimit = ${STACK_FRAMES}; ${code}`);
renameSync(`${target}.tmp`, target);
