import { describe } from '@jest/globals';
import { describeNodeTypes, ownNodeTypes } from './every-node-type';

/** The first of each category and place of work; all of them run in `npm run test:long`. */
const kinds = new Map(
  [...ownNodeTypes]
    .reverse()
    .map((definition) => [`${definition.type.split(':')[0]} ${definition.implementation.kind}`, definition]),
);

describe('a node type of each kind', () => describeNodeTypes([...kinds.values()]));
