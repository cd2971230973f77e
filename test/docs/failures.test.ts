import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FAILURE_CODES } from '../../workflows/contract';

describe('docs/failures.md', () => {
  it('has one heading for each failure code and none besides', () => {
    const text = readFileSync(path.join(__dirname, '..', '..', 'docs', 'failures.md'), 'utf8');
    const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(headings.slice().sort()).toEqual(Object.values(FAILURE_CODES).slice().sort());
  });
});
