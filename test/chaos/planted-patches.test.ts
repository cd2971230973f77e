import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type PlantedBug, plantedBugs } from './planted/planted-bugs';

const project = join(__dirname, '../..');
const bugs: [string, PlantedBug][] = Object.entries(plantedBugs);

describe('planted bugs', () => {
  // The long test plants them; a source that has moved on is to be told of at once.
  it.each(bugs)('%s finds its place in the sources of today, once', (_name, { patches }) => {
    for (const { file, find } of patches)
      expect(readFileSync(join(project, file), 'utf8').split(find)).toHaveLength(2);
  });
});
