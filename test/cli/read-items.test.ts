import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readItems } from '../../cli/read-items';

const folder = mkdtempSync(join(tmpdir(), 'everframe-items-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

describe('readItems', () => {
  it('makes an iterator of each column of a CSV file: a node, or a field of its config', () => {
    const csv = 'product,image.seed\n"a mug, red",1\na vase,2\n';
    expect(readItems(file('a.csv', csv), folder, 10)).toEqual([
      { nodeId: 'product', csv, column: 'product', limit: 10 },
      { nodeId: 'image', path: 'seed', csv, column: 'image.seed', limit: 10 },
    ]);
  });

  it('takes the keys of a JSON list for columns', () => {
    const json = JSON.stringify([
      { product: 'a mug', count: 1 },
      { product: 'a vase', count: 2 },
    ]);
    expect(readItems(file('a.json', json), folder)).toEqual([
      { nodeId: 'product', values: ['a mug', 'a vase'] },
      { nodeId: 'count', values: [1, 2] },
    ]);
  });

  it.each([
    ['no list', 'b.json', '{}', /holds no items/],
    ['no JSON', 'c.json', '[', /is not JSON/],
    ['rows of other keys', 'd.json', '[{"a":1},{"b":1}]', /item 1 has other keys than item 0/],
  ])('says what is wrong with %s', (_what, name, text, message) => {
    expect(() => readItems(file(name, text), folder)).toThrow(message);
  });
});
