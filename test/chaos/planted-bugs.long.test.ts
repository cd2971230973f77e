import { afterAll, describe, expect, it } from '@jest/globals';
import { describeViolations } from './invariants/check-invariants';
import { judge } from './planted/judge';
import { plantedBugs, type PlantedBugName } from './planted/planted-bugs';
import { report } from './report';

const LIMIT_MS = 240_000;
const names = Object.keys(plantedBugs) as PlantedBugName[];

describe('planted bugs', () => {
  const caught: string[] = [];

  afterAll(() => report(`planted bugs: ${caught.length} of ${names.length} caught`));

  it.each(names.map((name) => [name, plantedBugs[name].what] as const))(
    '%s (%s) is caught by its invariant, and is not in the product',
    async (name) => {
      const verdicts = await Promise.allSettled([judge(name, true), judge(name, false)]);
      const [planted, sound] = verdicts.map((verdict) => {
        if (verdict.status === 'rejected') throw verdict.reason;
        return verdict.value;
      });
      expect(describeViolations(sound ?? [])).toEqual([]);
      expect(planted?.map(({ invariant }) => invariant)).toContain(plantedBugs[name].invariant);
      caught.push(name);
    },
    LIMIT_MS,
  );
});
