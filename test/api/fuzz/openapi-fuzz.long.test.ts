import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createEverframeClient } from '../../../client/everframe-client';
import { TestSystem } from '../../support/test-system';
import { makeSome, withKnownIds, type OpenApi } from './known-ids';
import { runSchemathesis } from './schemathesis';
import { reservePort } from '../../support/reserve-port';

const REQUESTS = 20_000;
const EXAMPLES_PER_OPERATION = Number(process.env['EVERFRAME_FUZZ_EXAMPLES'] ?? 250);
/** A long poll may be held for 60 s; what takes longer hangs. */
const HANG_SECONDS = 65;
const checks = [
  ...['not_a_server_error', 'status_code_conformance', 'content_type_conformance'],
  ...['response_headers_conformance', 'response_schema_conformance', 'negative_data_rejection'],
  ...['allow_header_conformance', 'ignored_auth', 'unsupported_method'],
];
/** 503 is described, with its Retry-After: a busy Temporal may not answer in time. */
const CONFIG = `[checks]\nnot_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]\n`;

/** The fuzzer uses ids that it has seen, and so it may end, or slow down, the key that it asks with. */
const endingOwnKey = ['revokeApiKey', 'rotateApiKey', 'changeAccount'];

let test: TestSystem;
const folder = mkdtempSync(join(tmpdir(), 'everframe-fuzz-'));

beforeAll(async () => {
  const port = String(await reservePort());
  const fal = `http://127.0.0.1:${port}/fal`;
  // With a live key every route can be reached; the sandbox stands in for the provider.
  test = await TestSystem.start({
    ...{ EVERFRAME_SANDBOX_PORT: port, FAL_KEY: 'fuzz', FAL_BASE_URL: fal, FAL_RUN_BASE_URL: `${fal}/run` },
  });
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

it(`answers ${REQUESTS} requests made of its own description as described, none of them with a fault of ours`, async () => {
  const baseUrl = test.system.urls.api;
  const apiKey = test.system.credentials.keys.live ?? '';
  const client = createEverframeClient({ baseUrl, apiKey });
  const document = (await (await fetch(`${baseUrl}/openapi.json`)).json()) as OpenApi;
  const [kept, ended] = [await makeSome(client), await makeSome(client)];
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(withKnownIds(document, kept, ended)));
  writeFileSync(join(folder, 'schemathesis.toml'), CONFIG);
  const run = (operations: readonly string[]) =>
    runSchemathesis(
      [
        ...[
          '--config-file',
          'schemathesis.toml',
          'run',
          'openapi.json',
          '--url',
          baseUrl,
          '--header',
          `Authorization: Bearer ${apiKey}`,
        ],
        ...['--phases', 'examples,coverage,fuzzing', '--max-examples', String(EXAMPLES_PER_OPERATION)],
        // One worker, as is its default: Python 3.11 may go down when two of its threads parse at a time.
        ...['--checks', checks.join(','), '--continue-on-failure', ...operations],
        ...['--request-timeout', String(HANG_SECONDS), '--seed', process.env['EVERFRAME_CHAOS_SEED'] ?? '1'],
      ],
      folder,
    );
  const selected = (flag: string) => endingOwnKey.flatMap((id) => [`--${flag}-operation-id`, id]);
  // One after the other: what the second one does may end the key that both use.
  const runs = [await run(selected('exclude')), await run(selected('include'))] as const;
  for (const { exitCode, output } of runs) {
    console.log(output.slice(output.indexOf('= SUMMARY =')));
    if (exitCode !== 0) throw new Error(output);
  }
  expect(runs[0].requests + runs[1].requests).toBeGreaterThanOrEqual(REQUESTS);
  expect((await fetch(`${baseUrl}/readyz`)).status).toBe(200);
}, 1_800_000);
