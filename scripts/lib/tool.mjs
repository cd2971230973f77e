import { join } from 'node:path';
import { projectFolder } from './project-folder.mjs';
import { run } from './run-step.mjs';

/** A job that runs one development tool; it counts as one check, passed when the tool exits with 0. */
export function toolJob(name, command, args) {
  return {
    name,
    run: async () => {
      const { code, output } = await runTool(command, args);
      return code === 0 ? { passed: 1, failed: 0, report: '' } : { passed: 0, failed: 1, report: output };
    },
  };
}

/** Runs a tool of node_modules/.bin and collects its output. */
export function runTool(command, args, options = {}) {
  return run(process.execPath, [join(projectFolder, 'node_modules', '.bin', command), ...args], {
    ...options,
    env: { ...process.env, FORCE_COLOR: '0' },
  });
}
