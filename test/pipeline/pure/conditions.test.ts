import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { conditionSchema } from '../../../pipeline/nodes/control/condition-schema';
import { holds, OPERATORS, type Condition } from '../../../pipeline/pure/conditions';
import type { PortValue } from '../../../workflows/contract';

const image = {
  ...{ type: 'image', assetId: 'ast_1', mimeType: 'image/png', bytes: 5, sha256: 'ab' },
  ...{ width: 1_920, height: 1_080 },
} as const;

const cases: readonly (readonly [Condition, PortValue | undefined, boolean])[] = [
  [{ is: 'equal', value: 'EN' }, ' en ', true],
  [{ is: 'equal', value: 'EN', matchCase: true }, 'en', false],
  [{ is: 'equal', value: 7 }, '7', true],
  [{ is: 'equal', value: '7' }, 7, true],
  [{ is: 'equal', value: 7 }, '', false],
  [{ is: 'equal', value: 0 }, '', false],
  [{ is: 'equal', value: 0 }, ' ', false],
  [{ is: 'equal', value: 'seven' }, 7, false],
  [{ is: 'equal', value: true }, 'true', true],
  [{ is: 'equal', value: 'x' }, undefined, false],
  [{ is: 'not_equal', value: 'x' }, undefined, true],
  [{ is: 'one_of', value: ['de', 'en'] }, 'EN', true],
  [{ is: 'one_of', value: ['1', 2] }, 2, true],
  [{ is: 'one_of', value: 'en' }, 'en', false],
  [{ is: 'one_of', value: [] }, 'en', false],
  [{ is: 'contains', value: 'boat' }, 'A BOAT at sea', true],
  [{ is: 'contains', value: 'boat' }, ['a boat'], false],
  [{ is: 'contains', value: 'boat' }, ['Boat', 'sea'], true],
  [{ is: 'contains', value: '' }, 'anything', true],
  [{ is: 'contains', value: 'x' }, undefined, false],
  [{ is: 'starts_with', value: 'bon' }, 'Bonjour', true],
  [{ is: 'ends_with', value: '.png' }, 'a.PNG', true],
  [{ is: 'above', value: 7 }, 7, false],
  [{ is: 'at_least', value: 7 }, 7, true],
  [{ is: 'above', value: 7 }, '7.5', true],
  [{ is: 'above', value: 7 }, 'seven', false],
  [{ is: 'below', value: 7 }, 'seven', false],
  [{ is: 'below', value: 7 }, undefined, false],
  [{ is: 'at_most', value: 7 }, '', false],
  [{ is: 'at_most', value: 7 }, null, false],
  [{ is: 'exists' }, '', true],
  [{ is: 'exists' }, null, false],
  [{ is: 'exists' }, undefined, false],
  [{ is: 'exists' }, 0, true],
  [{ is: 'empty' }, '  ', true],
  [{ is: 'empty' }, [], true],
  [{ is: 'empty' }, {}, true],
  [{ is: 'empty' }, 0, false],
  [{ is: 'empty' }, false, false],
  [{ is: 'true' }, true, true],
  [{ is: 'true' }, ' TRUE ', true],
  [{ is: 'true' }, 1, false],
  [{ is: 'true' }, 'yes', false],
  [{ path: 'width', is: 'at_least', value: 1_920 }, image, true],
  [{ path: 'faces.0.age', is: 'above', value: 17 }, { faces: [{ age: 18 }] }, true],
  [{ path: 'faces.1.age', is: 'above', value: 17 }, { faces: [{ age: 18 }] }, false],
  [{ path: 'faces.1', is: 'exists' }, { faces: [{ age: 18 }] }, false],
  [{ path: 'constructor', is: 'exists' }, { a: 1 }, false],
  [{ path: '__proto__', is: 'exists' }, { a: 1 }, false],
  [{ path: 'length', is: 'exists' }, 'a text', false],
  [{ path: '', is: 'equal', value: 'a' }, 'a', true],
  [{ not: { is: 'exists' } }, undefined, true],
  [
    {
      all: [
        { is: 'at_least', value: 1 },
        { is: 'at_most', value: 5 },
      ],
    },
    3,
    true,
  ],
  [
    {
      all: [
        { is: 'at_least', value: 1 },
        { is: 'at_most', value: 5 },
      ],
    },
    6,
    false,
  ],
  [
    {
      any: [
        { is: 'below', value: 1 },
        { is: 'above', value: 5 },
      ],
    },
    6,
    true,
  ],
  [
    {
      any: [
        { is: 'below', value: 1 },
        { is: 'above', value: 5 },
      ],
    },
    3,
    false,
  ],
];

describe('the rules of a router', () => {
  it.each(cases)('%j on %j is %s', (condition, value, expected) => {
    expect(conditionSchema.safeParse(condition).success).toBe(true);
    expect(holds(condition, value)).toBe(expected);
  });

  it('say yes or no of every value, and the opposite under not', () => {
    const conditions = fc.record({
      is: fc.constantFrom(...OPERATORS),
      value: fc.jsonValue({ maxDepth: 2 }),
      path: fc.constantFrom('', 'a', 'a.0', 'toString', '__proto__.x'),
    });
    fc.assert(
      fc.property(conditions, fc.jsonValue({ maxDepth: 3 }), (condition, value) => {
        const found = holds(condition as Condition, value as PortValue);
        expect(holds({ not: condition } as Condition, value as PortValue)).toBe(!found);
      }),
    );
  });
});
