import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { anthropic } from '../../../activities/providers/anthropic';
import type { SyncOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { anOperationRequest, aProviderCall, CREDENTIAL, guardedFetch } from './a-provider-call';
import { ScriptedServer, type ScriptedAnswer } from './scripted-server';

let server: ScriptedServer;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
});

afterAll(async () => {
  await guardedFetch.close();
  await server.close();
});

function send(): Promise<unknown> {
  const operation = anthropic.operations['messages'] as SyncOperation;
  const input = { max_tokens: 16, messages: [{ role: 'user', content: 'Hello' }] };
  return operation.call(
    anOperationRequest({ model: 'claude-x', input }),
    aProviderCall(anthropic, server.url),
  );
}

async function errorOf(answer: ScriptedAnswer): Promise<ProviderError> {
  server.answer(answer);
  const error = await send().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

const failed = (status: number, type: string, errorCode?: string, message = 'No.'): ScriptedAnswer => ({
  status,
  body: {
    type: 'error',
    error: { type, message, ...(errorCode === undefined ? {} : { details: { error_code: errorCode } }) },
  },
});

it('sends the key as a bearer with the dated version, the model beside the body', async () => {
  server.answer({ body: { content: [{ type: 'text', text: 'Hi.' }], stop_reason: 'end_turn' } });
  await send();
  expect(server.seen[0]).toMatchObject({
    path: '/v1/messages',
    headers: { authorization: `Bearer ${CREDENTIAL}`, 'anthropic-version': '2026-10-21' },
  });
  expect(JSON.parse(server.seen[0]?.body ?? '')).toMatchObject({ model: 'claude-x', max_tokens: 16 });
});

describe('errors', () => {
  it.each([
    [400, 'invalid_request_error', undefined, 'request_rejected'],
    [401, 'authentication_error', undefined, 'authentication'],
    [402, 'billing_error', undefined, 'billing'],
    [402, 'billing_error', 'linked_organization_spend_limit_reached', 'billing'],
    [403, 'permission_error', undefined, 'authentication'],
    [404, 'not_found_error', undefined, 'model_gone'],
    [413, 'request_too_large', undefined, 'request_rejected'],
    [429, 'rate_limit_error', undefined, 'rate_limited'],
    [429, 'rate_limit_error', 'ramp_limit_exceeded', 'rate_limited'],
    [429, 'rate_limit_error', 'contract_spend_limit_reached', 'billing'],
    [429, 'rate_limit_error', 'enforced_spend_limit_reached', 'billing'],
    [500, 'api_error', undefined, 'unavailable'],
    [503, 'api_error', 'cmek_key_unreachable', 'unavailable'],
    [504, 'timeout_error', undefined, 'unavailable'],
    [529, 'overloaded_error', undefined, 'unavailable'],
  ])('reads %d %s %s as %s', async (status, type, errorCode, kind) => {
    const error = await errorOf(failed(status, type, errorCode));
    expect(error.kind).toBe(kind);
    expect(error.detail).toContain(errorCode ?? type);
  });

  it('knows an empty wallet by its words, since its status and type say nothing', async () => {
    const words = 'Your credit balance is too low to access the Anthropic API.';
    const error = await errorOf(failed(400, 'invalid_request_error', undefined, words));
    expect(error.kind).toBe('billing');
  });

  it('takes a message that stopped as a refusal for one, billed', async () => {
    const body = { content: [], stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'bio' } };
    const error = await errorOf({ body });
    expect([error.kind, error.billed]).toEqual(['refused', true]);
    expect(error.message).toContain('refusal: bio');
  });
});

describe('the rest of a key', () => {
  const headers = (facts: Record<string, string>): Headers =>
    new Headers({ date: 'Thu, 26 Nov 2026 12:00:00 GMT', ...facts });

  it('lasts until the used-up limit is full again, by the date of the answer', () => {
    const used = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': '2026-11-26T12:00:20Z',
      'anthropic-ratelimit-tokens-limit': '1000',
      'anthropic-ratelimit-tokens-remaining': '900',
      'anthropic-ratelimit-tokens-reset': '2026-11-26T12:00:50Z',
    };
    expect(anthropic.readLimitRestMs?.(headers(used))).toBe(20_000);
  });

  it('is none while limits are left, or when nothing is said', () => {
    const left = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-11-26T12:00:20Z',
    };
    expect(anthropic.readLimitRestMs?.(headers(left))).toBeUndefined();
    expect(anthropic.readLimitRestMs?.(headers({}))).toBeUndefined();
  });
});
