import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { malformedGraphs } from '../fixtures/malformed-graphs';
import { textToImage } from './support/graphs';
import { overrideTemporal } from './support/override-temporal';
import { startTestApi, type TestApi } from './support/test-api';

let api: TestApi;
let starts = 0;
beforeAll(async () => {
  api = await startTestApi({
    temporal: (real) =>
      overrideTemporal(real, {
        start: async () => {
          starts += 1;
          throw new Error('A malformed graph reached Temporal.');
        },
      }),
  });
});
afterAll(() => api.close());

const execute = '/api/v1/workflows/inline/execute';

describe('a malformed body', () => {
  it('comes in at least 40 kinds', () => {
    expect(malformedGraphs.length).toBeGreaterThanOrEqual(40);
  });

  it.each(malformedGraphs.map((graph) => [graph.title, graph] as const))(
    'with %s gets every fault with path and fix',
    async (_title, { body, status, expectCodes, expectPaths }) => {
      const answer = await api.call('POST', execute, { body });
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({
        error: expect.stringMatching(/\w/),
        code: expect.stringMatching(/\w/),
      });
      const issues: { path: string; code: string; message: string; fix: string }[] = answer.body.issues;
      for (const issue of issues) {
        expect(issue).toEqual({
          path: expect.any(String),
          code: expect.stringMatching(/^[a-z_]+$/),
          message: expect.stringMatching(/\w/),
          fix: expect.stringMatching(/\w/),
        });
      }
      expect(issues.map((issue) => issue.code).sort()).toEqual([...expectCodes].sort());
      expect(issues.map((issue) => issue.path)).toEqual(expect.arrayContaining([...expectPaths]));
    },
  );

  it('starts no workflow, writes no execution and leaves the server up', async () => {
    expect(starts).toBe(0);
    const { rows } = await sql`select id from executions`.execute(api.dependencies.database.queries);
    expect(rows).toEqual([]);
    const quote = await api.call('POST', '/api/v1/workflows/inline/quote', { body: textToImage });
    expect(quote.status).toBe(200);
  });
});
