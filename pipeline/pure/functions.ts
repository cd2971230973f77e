import type { PureFunction } from '../node-definition';
import { controlFunctions } from './functions/control-functions';
import { jsonFunctions } from './functions/json-functions';
import { listFunctions } from './functions/list-functions';
import { mathFunctions } from './functions/math-functions';
import { moreListFunctions } from './functions/more-list-functions';
import { moreTextFunctions } from './functions/more-text-functions';
import { moreValueFunctions } from './functions/more-value-functions';
import { subtitleFunctions } from './functions/subtitle-functions';
import { textFunctions } from './functions/text-functions';

/**
 * Functions of `utility:*` nodes by the name that a plan carries. They run inside workflows: deterministic, without
 * clock, locale or randomness, and bounded (see `functions/arguments.ts`). Each throws only `PureFunctionError`.
 */
export const pureFunctions: Readonly<Record<string, PureFunction>> = {
  ...textFunctions,
  ...jsonFunctions,
  ...mathFunctions,
  ...listFunctions,
  ...moreTextFunctions,
  ...moreListFunctions,
  ...moreValueFunctions,
  ...subtitleFunctions,
  ...controlFunctions,
};
