import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeDefinitions } from '../../pipeline/nodes';
import { describeNode } from '../../pipeline/catalog-entry';
import { aGraph } from '../support/graph-builder';
import { aView, failure, FakeApi, pending, picture, prompt, running } from './support/fake-api';
import { type CommandOptions, type CommandResult, runCommand } from './support/run-command';

const execute = 'POST /workflows/inline/execute';
const poll = 'GET /workflows/executions/exe_1/poll';
const quote = {
  minCredits: 30,
  maxCredits: 45,
  nodes: [{ nodeId: 'image', nodeType: 'generate:flux_2_pro', minCredits: 30, maxCredits: 45 }],
};
const receipt = {
  ...{ executionId: 'exe_1', workflowId: 'inline', version: null, status: 'RUNNING' },
  ...{ quote, links: {} },
};
const graph = aGraph('A sunset').node('image', 'generate:flux_2_pro').edge('prompt', 'image').build();
const folder = mkdtempSync(join(tmpdir(), 'everframe-cli-'));
let api: FakeApi;

beforeAll(async () => {
  api = await FakeApi.start();
  writeFileSync(join(folder, 'graph.json'), JSON.stringify({ ...graph, tags: ['from-file'] }));
  writeFileSync(join(folder, 'broken.json'), '{"nodes": [');
  writeFileSync(join(folder, 'list.json'), '[]');
});

beforeEach(() => api.reset());

afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

function everframe(line: string, options: Partial<CommandOptions> = {}): Promise<CommandResult> {
  const environment = { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: 'sk-test-1' };
  return runCommand(line.split(' '), { environment, workingFolder: folder, ...options });
}

describe('everframe run', () => {
  it('prints the execution id at once and how to look at it', async () => {
    api.on(execute, { status: 201, body: receipt });
    const { exitCode, stdout } = await everframe('run graph.json');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('execution exe_1 (30 to 45 credits)');
    expect(stdout).toContain('npx everframe poll exe_1 --wait');
    expect(api.requests).toHaveLength(1);
  });

  it('prints the receipt alone with --json', async () => {
    api.on(execute, { status: 201, body: receipt });
    expect((await everframe('run graph.json --json')).json()).toEqual(receipt);
  });

  it('adds what the command line says to what the file says', async () => {
    api.on(execute, { status: 201, body: receipt });
    await everframe(
      'run graph.json --trigger style=oil=paint --trigger count:=3 --budget 90 --tag a --tag b --idempotency-key once',
    );
    expect(api.last(execute)).toMatchObject({
      authorization: 'Bearer sk-test-1',
      idempotencyKey: 'once',
      body: {
        nodes: graph.nodes,
        edges: graph.edges,
        triggerData: { prompt: 'A sunset', style: 'oil=paint', count: 3 },
        budgetCredits: 90,
        tags: ['from-file', 'a', 'b'],
      },
    });
  });

  it('shows each change of a node while it waits, then the table, and ends with 0', async () => {
    api
      .on(execute, { status: 201, body: receipt })
      .on(
        poll,
        aView('RUNNING', { prompt, image: pending }),
        aView('RUNNING', { prompt, image: running }),
        aView('COMPLETED', { prompt, image: picture(`${api.url}/files/1`) }),
      );
    const { exitCode, stdout, stderr } = await everframe('run graph.json --wait');
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /exe_1[\s\S]* s {2}prompt +COMPLETED[\s\S]* s {2}image +RUNNING[\s\S]* s {2}image +COMPLETED/,
    );
    expect(stdout).toMatch(/\nimage +COMPLETED +generate:flux_2_pro +fal +1 +30 +http:\S+\/files\/1\n/);
    expect(stdout).toContain('30 credits charged, 15 of the hold released');
  });

  it('keeps progress off stdout with --wait --json', async () => {
    const end = aView('COMPLETED', { prompt, image: picture(`${api.url}/files/1`) });
    api.on(execute, { status: 201, body: receipt }).on(poll, end);
    const result = await everframe('run graph.json --wait --json');
    expect(result.json()).toEqual(end.body);
    expect(result.stderr).toMatch(/exe_1[\s\S]*image +COMPLETED/);
  });

  it('saves the files with --out and names them', async () => {
    api
      .on(execute, { status: 201, body: receipt })
      .on(poll, aView('COMPLETED', { prompt, image: picture(`${api.url}/files/1`) }))
      .on('GET /files/1', { status: 200, body: Buffer.from('fake') });
    const result = await everframe('run graph.json --json --out made');
    const { files } = result.json() as { files: Record<string, string[]> };
    expect(Object.keys(files)).toEqual(['prompt', 'image']);
    const [path = ''] = files['image'] ?? [];
    expect(readFileSync(path, 'utf8')).toBe('fake');
    expect(path).toMatch(/made\/image\.image\.png$/);
  });

  it('says that the execution is over when only its files cannot be saved', async () => {
    api
      .on(execute, { status: 201, body: receipt })
      .on(poll, aView('COMPLETED', { prompt, image: picture(`${api.url}/files/gone`) }));
    const { exitCode, stderr } = await everframe('run graph.json --out made');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('exe_1 is COMPLETED, but its files cannot be saved');
    expect(stderr).toContain('npx everframe poll exe_1 --out made');
  });

  it('ends with 1 when the run has failed, says why and how to go on', async () => {
    const image = { ...running, status: 'FAILED' as const, error: { ...failure } };
    const further = { error: failure.message, failure: { ...failure, nodeId: 'image', resumable: true } };
    api.on(execute, { status: 201, body: receipt }).on(poll, aView('FAILED', { prompt, image }, further));
    const { exitCode, stdout } = await everframe('run graph.json --wait');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('FAILED: Every provider failed');
    expect(stdout).toContain('npx everframe resume exe_1 --wait');
    expect((await everframe('run graph.json --wait --json')).json()).toMatchObject({
      failure: { nodeId: 'image' },
    });
  });

  it('ends with 1 when the run was cancelled', async () => {
    api.on(execute, { status: 201, body: receipt }).on(poll, aView('CANCELLED', { prompt, image: pending }));
    expect((await everframe('run graph.json --wait')).exitCode).toBe(1);
  });

  it.each([
    ['budget_reached', ['resume exe_1 --budget <credits> --wait', 'everframe credits grant <credits>']],
    ['submission_unknown', ['resume exe_1 --wait', 'resume exe_1 --resubmit-unknown --wait']],
    ['all_providers_failed', ['Mend what failed, then: npx everframe resume exe_1 --wait']],
  ])('ends with 4 when the run waits for its user, and says what to do about %s', async (code, advice) => {
    const image = { ...running, status: 'WAITING' as const, error: { ...failure } };
    const further = {
      error: failure.message,
      failure: { ...failure, code, nodeId: 'image', resumable: true },
    };
    api.on(execute, { status: 201, body: receipt }).on(poll, aView('WAITING', { prompt, image }, further));
    const { exitCode, stdout } = await everframe('run graph.json --wait');
    expect(exitCode).toBe(4);
    for (const line of advice) expect(stdout).toContain(line);
  });

  it('leaves the run going on Ctrl-C and says how to look again', async () => {
    api.on(execute, { status: 201, body: receipt }).on(poll, aView('RUNNING', { prompt, image: running }));
    const interrupt = new AbortController();
    const { exitCode, stderr } = await everframe('run graph.json --wait', {
      interrupt: interrupt.signal,
      onOutput: (stdout) => {
        if (/image +RUNNING/.test(stdout)) interrupt.abort();
      },
    });
    expect(exitCode).toBe(130);
    expect(stderr).toContain('npx everframe poll exe_1 --wait');
    expect(api.requests.filter(({ path }) => path.includes('cancel'))).toEqual([]);
  });

  it('waits for an API that goes away while it waits', async () => {
    const away = { status: 503, body: { error: 'The database is away.', code: 'database_unavailable' } };
    api
      .on(execute, { status: 201, body: receipt })
      .on(
        poll,
        aView('RUNNING', { prompt, image: running }),
        away,
        aView('COMPLETED', { prompt, image: picture(`${api.url}/files/1`) }),
      );
    expect((await everframe('run graph.json --wait')).exitCode).toBe(0);
  });

  it.each([
    ['run missing.json', /missing\.json cannot be read/],
    ['run broken.json', /broken\.json is not JSON/],
    ['run list.json', /list\.json holds no graph/],
    ['run graph.json --budget 0', /whole number from 1/],
    ['run graph.json --trigger nothing', /key=text or key:=json/],
    ['run graph.json --trigger a:={', /not JSON/],
    ['run graph.json --mode play', /Allowed choices are test, live/],
    ['run graph.json --mode live', /EVERFRAME_API_KEY is no live key/],
    ['run', /missing required argument/],
    ['fly', /unknown command/],
  ])('refuses "%s" before anything is sent, with 2', async (line, reason) => {
    const { exitCode, stderr } = await everframe(line);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(reason);
    const asJson = await everframe(`${line} --json`);
    expect(asJson.exitCode).toBe(2);
    expect(asJson.json()).toEqual({ error: expect.stringMatching(reason), code: 'usage' });
    expect(api.requests).toEqual([]);
  });
});

describe('a refusal of the API', () => {
  const issues = [
    { path: 'nodes[1].data.nodeType', code: 'node_type_unknown', message: 'No such type.', fix: 'Use x.' },
    { path: 'edges[0]', code: 'edge_dangling', message: 'It leads nowhere.', fix: 'Remove it.' },
  ];
  const invalid = { error: 'The graph has 2 faults.', code: 'graph_invalid', requestId: 'req_1', issues };

  it('names every fault on a line of its own with place and fix, and ends with 2', async () => {
    api.on(execute, { status: 422, body: invalid });
    const { exitCode, stdout, stderr } = await everframe('run graph.json');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      'everframe: The graph has 2 faults. (graph_invalid, request req_1)',
      '  nodes[1].data.nodeType: No such type. Fix: Use x.',
      '  edges[0]: It leads nowhere. Fix: Remove it.',
      '',
    ]);
  });

  it("is the API's own error body with --json", async () => {
    api.on(execute, { status: 422, body: invalid });
    const result = await everframe('run graph.json --json');
    expect(result.exitCode).toBe(2);
    expect(result.json()).toEqual(invalid);
  });

  it('tells needed and available credits', async () => {
    const body = { error: 'Too few credits.', code: 'insufficient_credits', requiredCredits: 30 };
    api.on(execute, { status: 402, body: { ...body, availableCredits: 7, breakdown: [] } });
    const { exitCode, stderr } = await everframe('run graph.json');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('needed: 30 credits; available: 7');
  });

  it('says where the key comes from when it is not accepted', async () => {
    api.on(poll, { status: 401, body: { error: 'This API key is revoked.', code: 'unauthorized' } });
    const { exitCode, stderr } = await everframe('poll exe_1');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('EVERFRAME_API_KEY');
  });
});

describe('an API that cannot be reached', () => {
  it('ends every command at once with 3 and says how to start it', async () => {
    const gone = await FakeApi.start();
    await gone.stop();
    const environment = { EVERFRAME_API_URL: gone.url, EVERFRAME_API_KEY: 'sk-test-1' };
    for (const line of ['run graph.json', 'poll exe_1 --wait', 'nodes']) {
      const tookMs: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const startedAtMs = performance.now();
        const { exitCode, stderr } = await everframe(line, { environment });
        tookMs.push(performance.now() - startedAtMs);
        expect(exitCode).toBe(3);
        expect(stderr).toContain(`No answer from ${gone.url}. Start it with "npm start"`);
      }
      // One that tried again would take seconds every time; a busy machine may be late, but not each time.
      expect(Math.min(...tookMs)).toBeLessThan(1_500);
    }
    expect((await everframe('nodes --json', { environment })).json()).toMatchObject({ code: 'network' });
  });
});

describe('the key', () => {
  const live = 'sk-live-2';
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(folder, 'home-'));
    const keys = { test: 'sk-test-home', live };
    writeFileSync(join(home, 'credentials.json'), JSON.stringify({ url: api.url, keys }));
  });

  it('comes from the home, of the mode that is asked for', async () => {
    api.on('GET /nodes', { status: 200, body: { data: [] } });
    const environment = { EVERFRAME_HOME: home };
    await everframe('nodes', { environment });
    await everframe('nodes --mode live', { environment });
    const sent = api.requests.map(({ authorization }) => authorization);
    expect(sent).toEqual(['Bearer sk-test-home', `Bearer ${live}`]);
  });

  it('of a home is not sent to another API', async () => {
    const environment = { EVERFRAME_HOME: home, EVERFRAME_API_URL: 'http://127.0.0.1:9' };
    const { exitCode, stderr } = await everframe('nodes', { environment });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('set EVERFRAME_API_KEY too');
  });

  it('that is nowhere ends with 3 and the ways to get one', async () => {
    const { exitCode, stderr } = await everframe('nodes', { environment: { EVERFRAME_HOME: 'empty' } });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/empty\/credentials\.json does not exist.*npm start.*EVERFRAME_API_KEY/);
  });
});

describe('everframe poll', () => {
  it('shows the state now, with 0 for a run under way and 1 for one that failed', async () => {
    api.on(poll, aView('RUNNING', { prompt, image: running }));
    const { exitCode, stdout } = await everframe('poll exe_1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/image +RUNNING/);
    const further = { error: failure.message, failure: { ...failure, nodeId: 'image', resumable: false } };
    const failed = aView('FAILED', { prompt }, further);
    api.on(poll, failed);
    const result = await everframe('poll exe_1 --json');
    expect(result.exitCode).toBe(1);
    expect(result.json()).toEqual(failed.body);
  });

  it('ends with 2 for an execution that is not known', async () => {
    expect(await everframe('poll exe_2')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('There is no such execution. (execution_not_found, request req_1)'),
    });
  });
});

describe('everframe resume', () => {
  const resume = 'POST /workflows/executions/exe_1/resume';
  const resumed = {
    executionId: 'exe_1',
    reused: [
      { nodeId: 'prompt', credits: 0 },
      { nodeId: 'image', credits: 30 },
    ],
    rerun: ['upscale'],
    adoptedJobs: [{ jobId: 'job_1', nodeId: 'upscale', provider: 'fal', model: 'crystal' }],
    creditsNotSpentAgain: 30,
    quote,
    links: {},
  };

  it('prints the receipt: what is kept, run again, adopted and not paid again', async () => {
    api.on(resume, { status: 202, body: resumed });
    const { exitCode, stdout } = await everframe('resume exe_1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/reused +prompt, image \(30\)\n/);
    expect(stdout).toMatch(/rerun +upscale\n/);
    expect(stdout).toMatch(/adopted jobs +upscale at fal crystal \(job_1\)\n/);
    expect(stdout).toMatch(/credits not spent again +30\n/);
    expect(api.last(resume)?.body).toEqual({});
  });

  it('starts nothing with --dry-run', async () => {
    api.on(resume, { status: 200, body: resumed });
    expect((await everframe('resume exe_1 --dry-run --wait --json')).json()).toEqual(resumed);
    expect(api.requests.map(({ body }) => body)).toEqual([{ dryRun: true }]);
  });

  it('goes on with an edited graph and, waiting, shows the end beside the receipt', async () => {
    const end = aView('COMPLETED', { prompt, image: picture(`${api.url}/files/1`) });
    api.on(resume, { status: 202, body: resumed }).on(poll, end);
    const result = await everframe('resume exe_1 --graph graph.json --wait --json');
    expect(result.json()).toEqual({ ...(end.body as object), resume: resumed });
    expect(api.last(resume)?.body).toEqual(graph);
    await everframe('resume exe_1 --budget 90 --resubmit-unknown');
    expect(api.last(resume)?.body).toEqual({ budgetCredits: 90, resubmitUnknown: true });
  });
});

describe('the other commands', () => {
  it('cancel says that the cancel is under way', async () => {
    const body = { executionId: 'exe_1', status: 'RUNNING', cancelRequested: true, links: {} };
    api.on('POST /workflows/executions/exe_1/cancel', { status: 202, body });
    expect(await everframe('cancel exe_1')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('under way'),
    });
    expect((await everframe('cancel exe_1 --json')).json()).toEqual(body);
  });

  it('quote shows the credits of each node and sends only what a quote takes', async () => {
    api.on('POST /workflows/inline/quote', { status: 200, body: quote });
    const { stdout } = await everframe('quote graph.json');
    expect(stdout).toMatch(/image +generate:flux_2_pro +30 +45\ntotal +30 +45/);
    expect(api.last('POST /workflows/inline/quote')?.body).toEqual(graph);
    expect((await everframe('quote graph.json --json')).json()).toEqual(quote);
  });

  it('nodes lists the catalog and shows all about one type', async () => {
    const entries = nodeDefinitions.map(describeNode);
    const flux = entries.find(({ type }) => type === 'generate:flux_2_pro');
    api.on('GET /nodes', { status: 200, body: { data: entries } });
    api.on('GET /nodes/generate%3Aflux_2_pro', { status: 200, body: flux });
    const list = await everframe('nodes');
    expect(list.stdout.trim().split('\n')).toHaveLength(entries.length + 1);
    const one = await everframe('nodes generate:flux_2_pro');
    expect(one.stdout).toMatch(/inputs\n {2}prompt +text/);
    expect(one.stdout).toContain('config (JSON Schema)');
    expect((await everframe('nodes generate:flux_2_pro --json')).json()).toEqual(flux);
  });

  it('executions passes the filters on and shows how to see more', async () => {
    const summary = {
      ...{ executionId: 'exe_1', workflowId: 'inline', workflowName: 'inline', version: null },
      ...{ status: 'FAILED', attempt: 1, mode: 'test', tags: ['a'], cancelRequested: false, links: {} },
      credits: { held: 0, charged: 30, released: 15 },
      failure: { ...failure, nodeId: 'image', resumable: true },
      ...{ createdAt: '2026-11-21T00:00:00Z', completedAt: null },
    };
    const page = { data: [summary], hasMore: true, nextCursor: 'next' };
    api.on('GET /workflows/executions', { status: 200, body: page });
    const { stdout } = await everframe('executions --status FAILED --mode live --tag a');
    expect(stdout).toMatch(/exe_1 +FAILED +test +inline .* 30 +all_providers_failed/);
    expect(stdout).toContain('--cursor next');
    const query = api.last('GET /workflows/executions')?.path.split('?')[1];
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      ...{ status: 'FAILED', mode: 'live', tag: 'a', limit: '20' },
    });
    expect((await everframe('executions --json')).json()).toEqual(page);
  });

  const key = {
    ...{ keyId: 'key_1', name: 'ci', mode: 'test', last4: 'abcd', scopes: ['nodes:read'] },
    ...{ createdAt: '2026-11-21T00:00:00Z', expiresAt: null, revokedAt: null, lastUsedAt: null },
  };

  it('keys makes, lists and revokes', async () => {
    api
      .on('POST /api-keys', { status: 201, body: { ...key, key: 'sk-test-new' } })
      .on('GET /api-keys', { status: 200, body: { data: [key] } })
      .on('DELETE /api-keys/key_1', { status: 200, body: { ...key, revokedAt: '2026-11-21T00:00:00Z' } });
    const made = await everframe('keys create --name ci --mode test --scope nodes:read');
    expect(made.stdout.split('\n')[0]).toBe('sk-test-new');
    expect(api.last('POST /api-keys')?.body).toEqual({ name: 'ci', mode: 'test', scopes: ['nodes:read'] });
    expect((await everframe('keys list')).stdout).toMatch(/key_1 +ci +test +…abcd/);
    expect((await everframe('keys revoke key_1')).stdout).toContain('revoked key_1');
  });

  it('keys rotates, and tells how long the old key works', async () => {
    const replaces = { keyId: 'key_1', revokedAt: '2026-11-22T00:00:00Z' };
    const body = { ...key, keyId: 'key_2', key: 'sk-test-new', replaces };
    api.on('POST /api-keys/key_1/rotate', { status: 201, body });
    const { stdout } = await everframe('keys rotate key_1 --overlap 600');
    expect(stdout.split('\n')[0]).toBe('sk-test-new');
    expect(stdout).toContain('key_1 works until 2026-11-22T00:00:00Z');
    expect(api.last('POST /api-keys/key_1/rotate')?.body).toEqual({ overlapSeconds: 600 });
  });

  it('secrets keeps a secret that the environment has, lists and deletes', async () => {
    const kept = { name: 'cms', hosts: ['cms.example.com'], last4: 'wxyz', createdAt: '2026-11-26' };
    api
      .on('PUT /secrets/cms', { status: 200, body: kept })
      .on('GET /secrets', { status: 200, body: { data: [kept] } })
      .on('DELETE /secrets/cms', { status: 200, body: {} });
    const unset = await everframe('secrets set cms --variable NOT_SET --host cms.example.com');
    expect(unset.stderr).toContain('NOT_SET is not set');
    await everframe('secrets set cms --variable TOKEN --host cms.example.com *.example.org', {
      environment: { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: 'sk-test-1', TOKEN: 'token-wxyz' },
    });
    expect(api.last('PUT /secrets/cms')?.body).toEqual({
      ...{ value: 'token-wxyz', hosts: ['cms.example.com', '*.example.org'] },
    });
    expect((await everframe('secrets')).stdout).toMatch(/cms +cms\.example\.com +…wxyz/);
    expect((await everframe('secrets delete cms')).stdout).toContain('deleted cms');
  });

  it('provider-keys keeps a key that the environment has, lists and deletes', async () => {
    const view = { providerKeyId: 'sec_1', provider: 'fal', name: 'studio', last4: 'wxyz' };
    const kept = { ...view, createdAt: '2026-11-21T00:00:00Z' };
    api
      .on('POST /provider-keys', { status: 200, body: kept })
      .on('GET /provider-keys', { status: 200, body: { data: [kept] } })
      .on('DELETE /provider-keys/sec_1', { status: 200, body: {} });
    const live = {
      EVERFRAME_API_URL: api.url,
      EVERFRAME_API_KEY: 'sk-live-key',
      FAL_KEY: 'key-wxyz',
      OTHER: 'other-key',
    };
    const asked = (line: string) => everframe(line, { environment: live });
    const added = await asked('provider-keys add fal --name studio');
    expect(added.stdout).toContain('kept sec_1 for fal (…wxyz)');
    expect(api.last('POST /provider-keys')?.body).toEqual({
      provider: 'fal',
      key: 'key-wxyz',
      name: 'studio',
    });
    await asked('provider-keys add fal --variable OTHER');
    expect(api.last('POST /provider-keys')?.body).toEqual({ provider: 'fal', key: 'other-key' });
    expect((await asked('provider-keys')).stdout).toMatch(/fal +sec_1 +studio +…wxyz/);
    expect((await asked('provider-keys delete sec_1')).stdout).toContain('deleted sec_1');
    const refused = await asked('provider-keys add kling');
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringContaining('KLING_API_KEY is not set'),
    ]);
    expect((await asked('provider-keys add nobody')).stderr).toMatch(/no provider "nobody".*fal/);
    expect((await everframe('provider-keys')).stderr).toMatch(/no live key/);
  });

  it('workflows publish tells which executions go on with the version, and why others stay', async () => {
    const receipt = { executionId: 'exe_1', reused: [{ nodeId: 'image', credits: 30 }], rerun: ['last'] };
    const goes = { fromVersion: 1, receipt: { ...receipt, creditsNotSpentAgain: 30 } };
    const reasons = [{ code: 'step_failed', nodeId: 'image', message: 'It has failed.' }];
    const stays = { executionId: 'exe_2', fromVersion: 1, reasons };
    const migration = { qualifies: [goes], stays: [stays], complete: true };
    const preview = { dryRun: true, workflowId: 'wf_1', tag: '1.1.0', unchanged: false, migration };
    api.on('POST /workflows/wf_00000000000000000000000000000001/publish', { status: 200, body: preview });
    const { stdout } = await everframe(
      'workflows publish wf_00000000000000000000000000000001 --in-flight migrate --dry-run',
    );
    expect(stdout).toContain('would publish 1.1.0');
    expect(stdout).toMatch(/exe_1 +from version 1: 1 steps kept \(30 credits\), 1 to run/);
    expect(stdout).toMatch(/exe_2 +stays with version 1: image: It has failed\./);
    expect(api.last('POST /workflows/wf_00000000000000000000000000000001/publish')?.body).toEqual({
      inFlight: 'migrate',
      dryRun: true,
    });
  });

  it('usage tells executions, days and models of a time', async () => {
    const plan = { name: 'pro', requestsPerMinute: 60, executionsPerMinute: 10, executionsPerDay: 1000 };
    const executions = { started: 3, completed: 2, failed: 1, cancelled: 0 };
    const model = { provider: 'fal', model: 'fal-ai/flux-2-pro', credits: 90, jobs: 3 };
    const times = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' };
    const sums = { credits: 90, jobs: 3, days: [{ day: '2026-11-20', credits: 90, jobs: 3 }] };
    const body = { mode: 'test', plan, executions, ...times, ...sums, models: [model], nodeTypes: [] };
    api.on('GET /usage', { status: 200, body });
    const { stdout } = await everframe(`usage --from ${times.from} --to ${times.to}`);
    expect(stdout).toContain('3 executions: 2 completed, 1 failed');
    expect(stdout).toMatch(/2026-11-20 +90 +3/);
    expect(stdout).toMatch(/fal fal-ai\/flux-2-pro +90 +3/);
    const query = new URLSearchParams(api.last('GET /usage')?.path.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual(times);
  });

  it('stats tells latency, success and cost of a time, and variants of a workflow', async () => {
    const of = { count: 4, completed: 3, failed: 1, successRate: 0.75, credits: 120 };
    const figures = { ...of, latencyMs: { p50: 1_500, p95: 9_000, p99: 9_900 } };
    const variant = {
      variant: 'calm',
      executions: 2,
      completed: 2,
      failed: 0,
      creditsMean: 30,
      feedback: {},
    };
    const body = {
      ...{ mode: 'test', from: '2026-11-01T00:00:00Z', to: '2026-11-08T00:00:00Z', runs: figures },
      workflows: [{ workflowId: 'wf_1', name: 'Poster', ...figures }],
      models: [{ provider: 'fal', model: 'fal-ai/flux-2-pro', sends: 5, rateLimited: 1, ...figures }],
      nodeTypes: [{ nodeType: 'generate:flux_2_pro', attempts: 5, ...figures, latencyMs: null }],
      reasons: [{ reason: 'fallback', jobs: 1, credits: 30 }],
      ...{ dearestRuns: [], variants: [{ ...variant, latencyMs: null }] },
    };
    api.on('GET /stats', { status: 200, body });
    const { stdout } = await everframe('stats --workflow wf_1');
    expect(stdout).toMatch(/executions +4 +75\.0 % +1\.5 s +9\.0 s +9\.9 s +120/);
    expect(stdout).toMatch(/generate:flux_2_pro +4 +75\.0 % +- +- +- +120/);
    expect(stdout).toMatch(/variant calm +2 +100\.0 % +- +- +- +30 each/);
    expect(stdout).toContain('jobs: fallback 1 (30 credits)');
    expect(api.last('GET /stats')?.path).toContain('workflowId=wf_1');
  });

  it('accounts makes, lists and changes', async () => {
    const account = { accountId: 'acc_1', name: 'Team', plan: 'pro' };
    api
      .on('POST /accounts', { status: 201, body: { ...key, key: 'sk-test-first', account } })
      .on('GET /accounts', { status: 200, body: { data: [account] } })
      .on('PUT /accounts/acc_1', { status: 200, body: { ...account, plan: 'free' } });
    const made = await everframe('accounts create Team --plan pro');
    expect(made.stdout.split('\n')[0]).toBe('sk-test-first');
    expect((await everframe('accounts')).stdout).toMatch(/acc_1 +Team +pro/);
    const changed = await everframe('accounts change acc_1 --name Team --plan free');
    expect(changed.stdout).toContain('on the plan free');
    expect(api.last('PUT /accounts/acc_1')?.body).toEqual({ name: 'Team', plan: 'free' });
  });

  it('credits shows the balance, and grants under a key', async () => {
    const balance = { availableCredits: 970, heldCredits: 0, chargedCredits: 30, grantedCredits: 1000 };
    const grant = { grantId: 'ent_1', grantKey: 'payment-1', mode: 'test', credits: 500 };
    api
      .on('GET /credits', { status: 200, body: { mode: 'test', ...balance } })
      .on('POST /credits/grants', { status: 201, body: { ...grant, createdAt: '2026-11-21T00:00:00Z' } });
    expect((await everframe('credits')).stdout).toMatch(/test +970 +0 +30 +1000/);
    expect((await everframe('credits --json')).json()).toMatchObject(balance);
    const { stdout } = await everframe('credits grant 500 --key payment-1');
    expect(stdout).toContain('500 test credits granted (payment-1');
    expect(api.last('POST /credits/grants')?.body).toEqual({ credits: 500, grantKey: 'payment-1' });
    expect((await everframe('credits grant 0')).exitCode).toBe(2);
  });

  it('keys create says so when the answer with the key was lost', async () => {
    const { keyId: _id, createdAt: _time, revokedAt: _end, lastUsedAt: _use, ...stored } = key;
    api.on('POST /api-keys', { status: 201, body: stored });
    const { exitCode, stderr } = await everframe('keys create --name ci');
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/ends in abcd was made, but the answer.*revoke it/);
  });

  it('--help documents the exit codes', async () => {
    for (const line of ['--help', 'run --help', 'keys create --help']) {
      const { exitCode, stdout } = await everframe(line);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/Exit codes:\n[\s\S]* 3 +the API cannot be reached/);
    }
  });
});

describe('colours', () => {
  it.each([
    ['at a terminal', true, {}, true],
    ['beside a pipe', false, {}, false],
    ['with NO_COLOR', true, { NO_COLOR: '1' }, false],
  ])('%s', async (_case, isTTY, further, isColoured) => {
    api.on(poll, aView('COMPLETED', { prompt, image: picture(`${api.url}/files/1`) }));
    const environment = { EVERFRAME_API_URL: api.url, EVERFRAME_API_KEY: 'sk-test-1', ...further };
    const { stdout } = await everframe('poll exe_1', { isTTY, environment });
    expect(stdout.includes('\u001b[')).toBe(isColoured);
  });
});
