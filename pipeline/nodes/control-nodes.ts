import type { NodeDefinition } from '../node-definition';
import { delay } from './control/delay';
import { join } from './control/join';
import { map } from './control/map';
import { pickBest } from './control/pick-best';
import { refine } from './control/refine';
import { review } from './control/review';
import { router } from './control/router';
import { subWorkflow } from './control/workflow';

/** What a graph can express beside edges: one line per type. */
export const controlNodes: readonly NodeDefinition[] = [
  router,
  join,
  pickBest,
  delay,
  map,
  refine,
  review,
  subWorkflow,
];
