import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { RELEASE } from '../../pipeline/release';

describe('the release', () => {
  it('is that of package.json', () => {
    const text = readFileSync(path.join(__dirname, '..', '..', 'package.json'), 'utf8');
    expect(z.object({ version: z.string() }).parse(JSON.parse(text)).version).toBe(RELEASE);
  });
});
