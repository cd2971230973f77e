import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { zodIssues } from '../../api/zod-issues';

describe('zodIssues', () => {
  const schema = z.strictObject({ tags: z.array(z.string()), wait: z.number().optional() });

  it('names every fault and every unknown key with path and fix', () => {
    const { error } = schema.safeParse({ tags: ['a', 1], wait: 'x', colour: 1, size: 2 });
    const issues = zodIssues(error, '');
    expect(issues.map((issue) => issue.path).sort()).toEqual(['colour', 'size', 'tags[1]', 'wait']);
    expect(issues.every((issue) => issue.fix !== '' && issue.message !== '' && issue.code !== '')).toBe(true);
  });

  it('puts the part of the request before the path', () => {
    const { error } = schema.safeParse({ tags: [1] });
    expect(zodIssues(error, 'query')).toEqual([expect.objectContaining({ path: 'query.tags[0]' })]);
  });

  it('gives nothing where there is no error', () => {
    expect(zodIssues(undefined, '')).toEqual([]);
  });
});
