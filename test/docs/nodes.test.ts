import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { describeNode } from '../../pipeline/catalog-entry';
import { catalogPage } from '../../pipeline/catalog-page';
import { nodeDefinitions } from '../../pipeline/nodes';

const page = readFileSync(join(__dirname, '../../docs/nodes.md'), 'utf8');

describe('docs/nodes.md', () => {
  it('is what the registry says: run `npm run docs:nodes` after a change of a node type', () => {
    const isCurrent = page === catalogPage(nodeDefinitions.map(describeNode));
    expect({ isCurrent, mend: 'npm run docs:nodes' }).toEqual({
      isCurrent: true,
      mend: 'npm run docs:nodes',
    });
  });

  it('has a heading for every node type, and a source for every price', () => {
    for (const { type, implementation } of nodeDefinitions) {
      expect(page).toContain(`\n### ${type}\n`);
      if (implementation.kind !== 'provider') continue;
      for (const { price } of implementation.candidates) expect(page).toContain(price.readOn);
    }
  });
});
