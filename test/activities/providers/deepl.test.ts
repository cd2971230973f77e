import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { deepl } from '../../../activities/providers/deepl';
import type { ProviderFetchInit, SyncOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { resolveProviderUrls } from '../../../activities/providers/provider-fetch';
import { anOperationRequest, aProviderCall, guardedFetch } from './a-provider-call';
import { ScriptedServer } from './scripted-server';

let server: ScriptedServer;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
});

afterAll(async () => {
  await guardedFetch.close();
  await server.close();
});

const translate = deepl.operations['translate'] as SyncOperation;
const request = anOperationRequest({
  model: 'quality_optimized',
  input: { text: ['Hello'], target_lang: 'DE' },
});

it.each([
  ['key', 'https://api.deepl.com/v2/translate'],
  ['key:fx', 'https://api-free.deepl.com/v2/translate'],
])('sends what goes under the key %s to %s', async (credential, expected) => {
  const asked: { url: string; init: ProviderFetchInit }[] = [];
  const { baseUrl, extraUrls } = resolveProviderUrls(deepl, { mode: 'live', env: {} });
  const reply = Buffer.from(JSON.stringify({ translations: [{ text: 'Hallo' }] }));
  await translate.call(request, {
    ...aProviderCall(deepl, server.url),
    ...{ baseUrl, extraUrls, credential },
    fetch: (url, init) => {
      asked.push({ url, init });
      return Promise.resolve({ status: 200, headers: new Headers(), bytes: reply });
    },
  });
  expect(asked[0]?.url).toBe(expected);
  expect(asked[0]?.init.headers).toMatchObject({ authorization: `DeepL-Auth-Key ${credential}` });
  expect(JSON.parse(asked[0]?.init.body as string)).toEqual({
    text: ['Hello'],
    target_lang: 'DE',
    model_type: 'quality_optimized',
  });
});

it.each([
  [400, 'request_rejected'],
  [403, 'authentication'],
  [404, 'request_rejected'],
  [413, 'request_rejected'],
  [429, 'rate_limited'],
  [456, 'billing'],
  [500, 'unavailable'],
  [503, 'unavailable'],
])('reads %d as %s', async (status, kind) => {
  server.answer({ status, body: { message: 'Quota Exceeded' } });
  const error: unknown = await translate
    .call(request, aProviderCall(deepl, server.url))
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ kind });
});
