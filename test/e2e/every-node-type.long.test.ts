import { describe } from '@jest/globals';
import { describeNodeTypes, ownNodeTypes } from './every-node-type';

describe('all node types', () => describeNodeTypes(ownNodeTypes));
