import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from '../../activities/providers';
import type { SyncOperation } from '../../activities/providers/provider';
import { createProviderFetch, resolveProviderUrls } from '../../activities/providers/provider-fetch';
import type { JsonObject } from '../../workflows/contract';
import { anOperationRequest, guardedFetch } from '../activities/providers/a-provider-call';
import { candidateOf, definitionOf, requestFor } from '../pipeline/nodes/sample-request';

/** A server that none of us wrote: it answers as OpenAI, Anthropic and Gemini, from one list of fixtures. */
const mock = new LLMock({ port: 0 });
const SAID = 'The harbour lies still.';

beforeAll(async () => {
  mock.onMessage('harbour', { content: SAID });
  mock.onMessage('wholesome', { content: '{"sentiment":"positive","score":0.9}' });
  await mock.start();
});

afterAll(async () => {
  await guardedFetch.close();
  await mock.stop();
});

/** Where an operator would point each provider. The mock knows Gemini under v1beta alone. */
const paths: Readonly<Record<string, string>> = { openai: '/v1', anthropic: '', google: '/v1beta' };

async function run(type: string, providerId: string, inputs: JsonObject) {
  const provider = providers.find(({ id }) => id === providerId);
  if (!provider) throw new Error(`There is no provider ${providerId}.`);
  const env = { [provider.baseUrl.variable]: `${mock.url}${paths[providerId] ?? ''}` };
  const { baseUrl, extraUrls, privateOrigins } = resolveProviderUrls(provider, { mode: 'live', env });
  const candidate = candidateOf(type, providerId);
  const request = requestFor(definitionOf(type), {}, inputs);
  const operation = provider.operations[candidate.operation] as SyncOperation;
  const reply = await operation.call(
    anOperationRequest({ model: candidate.model, input: candidate.toInput(request) as JsonObject }),
    {
      mode: 'live',
      baseUrl,
      extraUrls,
      credential: 'any',
      timeoutMs: 10_000,
      signal: new AbortController().signal,
      fetch: createProviderFetch(guardedFetch, privateOrigins),
    },
  );
  return candidate.toOutputs(reply);
}

describe.each(['openai', 'anthropic', 'google'])('text at %s, answered by a server of others', (provider) => {
  it('completes with the words of the answer', async () => {
    const outputs = await run('text:llm', provider, { prompt: 'Describe the harbour.' });
    expect(outputs).toEqual({ text: { kind: 'value', value: SAID } });
  });

  it('completes with the fields of a strict answer', async () => {
    const outputs = await run('text:sentiment', provider, { text: 'a wholesome day' });
    expect(outputs).toEqual({
      sentiment: { kind: 'value', value: 'positive' },
      score: { kind: 'value', value: 0.9 },
    });
  });
});
