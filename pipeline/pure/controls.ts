import type { Control } from './controls/control';
import { runMap } from './controls/map';
import { runRefine } from './controls/refine';
import { runWorkflow } from './controls/workflow';

/** Groups by the name that a plan carries: each decides what its body runs for. One line per file. */
export const controls: Readonly<Record<string, Control>> = {
  map: runMap,
  refine: runRefine,
  workflow: runWorkflow,
};
