import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeApi } from './support/fake-api';
import { runCommand, type CommandResult } from './support/run-command';

let api: FakeApi;
beforeAll(async () => {
  api = await FakeApi.start();
});
beforeEach(() => api.reset());
afterAll(() => api.stop());

function everframe(line: string): Promise<CommandResult> {
  const environment = { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: 'sk-test-1' };
  return runCommand(line.split(' '), { environment, workingFolder: '.' });
}

const letter = {
  ...{
    deadLetterId: 'dlt_1',
    executionId: 'exe_1',
    nodeId: 'image',
    step: 'image',
    mode: 'test',
    state: 'open',
  },
  ...{ nodeType: 'generate:flux_2_pro', label: 'Picture', attempt: 1, timesFailed: 2 },
  failure: {
    code: 'all_providers_failed',
    message: 'Every candidate failed.',
    retryable: true,
    candidates: [
      {
        provider: 'fal',
        model: 'flux',
        code: 'provider_unavailable',
        message: 'fal is away',
        retryable: true,
      },
    ],
  },
  price: { minCredits: 30, maxCredits: 45 },
  firstFailedAt: '2026-11-21T10:00:00.000Z',
  failedAt: '2026-11-21T11:00:00.000Z',
  redrive: {
    redriveId: 'rdv_1',
    dueAt: null,
    refusal: { code: 'insufficient_credits', message: 'Add credits.' },
  },
  ...{ redrivenAt: null, resolvedAt: null, links: {} },
};
const quote = { minCredits: 30, maxCredits: 45, nodes: [] };
const receipt = {
  ...{ executionId: 'exe_1', reused: [], rerun: ['image'], adoptedJobs: [], creditsNotSpentAgain: 0, quote },
};
const redriven = {
  redriveId: 'rdv_2',
  letters: 2,
  executions: [
    {
      executionId: 'exe_1',
      deadLetterIds: ['dlt_1', 'dlt_2'],
      dueAt: '2026-11-21T12:00:00.000Z',
      receipt,
      refusal: null,
    },
    {
      ...{ executionId: 'exe_2', deadLetterIds: ['dlt_3'], dueAt: null, receipt: null },
      refusal: { code: 'graph_invalid', message: 'The graph has one fault.' },
    },
  ],
  ...{ price: { minCredits: 30, maxCredits: 45 }, availableCredits: 70, hasMore: false },
};
const many = 'POST /dead-letters/redrive';

describe('everframe dead-letters', () => {
  it('lists open ones with the reason of each provider and the price', async () => {
    api.on('GET /dead-letters', { status: 200, body: { data: [letter], hasMore: false, nextCursor: null } });
    const { exitCode, stdout } = await everframe('dead-letters --provider fal');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /dlt_1 +open +exe_1 +image +generate:flux_2_pro +fal provider_unavailable +30 to 45/,
    );
    expect(api.last('GET /dead-letters')?.path).toBe('/dead-letters?state=open&limit=20&provider=fal');
  });

  it('shows one with its reasons and why it was not redriven', async () => {
    const inputs = { config: {}, inputs: { prompt: 'a boat' } };
    api.on('GET /dead-letters/dlt_1', { status: 200, body: { ...letter, inputs } });
    const { stdout } = await everframe('dead-letters show dlt_1');
    expect(stdout).toContain('fal flux: provider_unavailable: fal is away');
    expect(stdout).toMatch(/failed +2026-11-21T11:00:00.000Z, 2 times/);
    expect(stdout).toMatch(/refused +Add credits./);
    expect(stdout).toContain('"prompt": "a boat"');
  });
});

describe('everframe dead-letters redrive', () => {
  it('tries a named one again at once and prints its receipt', async () => {
    const one = 'POST /dead-letters/dlt_1/redrive';
    api.on(one, { status: 202, body: receipt });
    const { exitCode, stdout } = await everframe('dead-letters redrive dlt_1');
    expect([exitCode, api.last(one)?.body]).toEqual([0, {}]);
    expect(api.last(one)?.idempotencyKey).toEqual(expect.any(String));
    expect(stdout).toMatch(/execution +exe_1\n/);
    expect(stdout).toMatch(/rerun +image\n/);
  });

  it('plans all that match, at a pace, and says what cannot go on', async () => {
    api.on(many, { status: 202, body: redriven });
    const words = 'dead-letters redrive --provider fal --from 2026-11-21T09:00:00Z --per-minute 30';
    const { stdout } = await everframe(words);
    expect(api.last(many)?.body).toEqual({
      provider: 'fal',
      from: '2026-11-21T09:00:00Z',
      throttle: { perMinute: 30 },
    });
    expect(stdout).toMatch(/exe_1 +2 +30 to 45 +2026-11-21T12:00:00.000Z/);
    expect(stdout).toMatch(/exe_2 +1 +refused: The graph has one fault./);
    expect(stdout).toContain('2 dead letters, 30 to 45 credits; 70 are available');
    expect(stdout).toContain('--redrive-id rdv_2');
  });

  it('starts nothing with --dry-run', async () => {
    api.on(many, { status: 200, body: { ...redriven, redriveId: null } });
    await everframe('dead-letters redrive dlt_1 dlt_2 --dry-run');
    expect(api.requests.map(({ body }) => body)).toEqual([{ ids: ['dlt_1', 'dlt_2'], dryRun: true }]);
  });

  it.each(['dead-letters redrive', 'dead-letters redrive dlt_1 dlt_2 --provider fal'])(
    'asks for letters or for a filter, not for none and not for both: %s',
    async (line) => {
      const { exitCode, stderr } = await everframe(line);
      expect([exitCode, api.requests]).toEqual([2, []]);
      expect(stderr).toContain('Name dead letters');
    },
  );
});
