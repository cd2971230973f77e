import { describe, expect, it } from '@jest/globals';
import { FetchFailure, type FetchFailureReason } from '../../../activities/fetch/fetch-failure';
import {
  jsonObjectSchema,
  requestJson,
  type HttpDialect,
  type Purpose,
} from '../../../activities/providers/http';
import type { ProviderCall, ProviderFetch } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';

const dialect: HttpDialect = {
  provider: 'acme',
  label: 'Acme',
  credentialVariable: 'ACME_KEY',
  authorize: (credential) => ({ authorization: `Bearer ${credential}` }),
  readError: () => ({}),
  serverErrorsAreDefinite: false,
};

function aCall(fetch: ProviderFetch, signal = new AbortController().signal): ProviderCall {
  return {
    mode: 'live',
    baseUrl: 'https://acme.example',
    extraUrls: {},
    credential: 'acme-secret-key:part-two',
    timeoutMs: 1_000,
    signal,
    fetch,
  };
}

function answering(status: number, body: string, headers: Record<string, string> = {}): ProviderFetch {
  return () => Promise.resolve({ status, headers: new Headers(headers), bytes: Buffer.from(body) });
}

function failing(reason: FetchFailureReason, sent: boolean): ProviderFetch {
  return () => Promise.reject(new FetchFailure({ reason, sent, message: `https://acme.example ${reason}.` }));
}

async function errorOf(
  fetch: ProviderFetch,
  purpose: Purpose,
  with_: Partial<HttpDialect> = {},
): Promise<ProviderError> {
  const request = { purpose, method: 'POST', url: 'https://acme.example/jobs', json: {} } as const;
  const error = await requestJson({ ...dialect, ...with_ }, aCall(fetch), request, jsonObjectSchema).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
}

describe('requestJson', () => {
  it.each([
    [401, 'authentication'],
    [403, 'authentication'],
    [402, 'billing'],
    [404, 'model_gone'],
    [410, 'model_gone'],
    [400, 'request_rejected'],
    [413, 'request_rejected'],
    [422, 'request_rejected'],
    [302, 'request_rejected'],
    [408, 'unavailable'],
    [409, 'unavailable'],
    [429, 'rate_limited'],
    [503, 'unavailable'],
    [303, 'ambiguous'],
    [500, 'ambiguous'],
    [502, 'ambiguous'],
    [504, 'ambiguous'],
  ])('takes %d on a submit as %s', async (status, kind) => {
    expect(await errorOf(answering(status, '{}'), 'submit')).toMatchObject({ kind, httpStatus: status });
  });

  it('takes a 5xx as definite only with a JSON body and from a provider that means it', async () => {
    const sure = { serverErrorsAreDefinite: true };
    expect((await errorOf(answering(500, '{"detail":"x"}'), 'submit', sure)).kind).toBe('unavailable');
    expect((await errorOf(answering(502, '<html>Bad gateway</html>'), 'submit', sure)).kind).toBe(
      'ambiguous',
    );
  });

  it.each([408, 429, 500, 502, 503, 504])('keeps a poll retryable after a %d', async (status) => {
    expect(['unavailable', 'rate_limited']).toContain((await errorOf(answering(status, ''), 'poll')).kind);
  });

  it.each<[FetchFailureReason, boolean, Purpose, string]>([
    ['unreachable', false, 'submit', 'unavailable'],
    ['unreachable', false, 'call', 'unavailable'],
    ['timeout', true, 'submit', 'ambiguous'],
    ['timeout', true, 'call', 'ambiguous'],
    ['reset', true, 'submit', 'ambiguous'],
    ['reset', true, 'poll', 'unavailable'],
    ['timeout', true, 'poll', 'unavailable'],
    ['aborted', true, 'submit', 'ambiguous'],
    ['too_large', true, 'submit', 'ambiguous'],
    ['too_large', true, 'call', 'response_invalid'],
    ['invalid_request', false, 'submit', 'request_rejected'],
  ])('takes %s (sent: %s) on a %s as %s', async (reason, sent, purpose, kind) => {
    expect((await errorOf(failing(reason, sent), purpose)).kind).toBe(kind);
  });

  it.each<[Purpose, string, boolean]>([
    ['submit', 'ambiguous', false],
    ['call', 'response_invalid', true],
    ['poll', 'unavailable', false],
  ])('takes an unreadable 200 on a %s as %s', async (purpose, kind, billed) => {
    for (const body of ['', '{"id":', '[]', 'null', '<html>']) {
      expect(await errorOf(answering(200, body), purpose)).toMatchObject({ kind, billed });
    }
  });

  it('passes on why the caller aborted when nothing is at stake', async () => {
    const reason = new Error('cancelled by the user');
    const call = aCall(failing('aborted', true), AbortSignal.abort(reason));
    const request = { purpose: 'poll', method: 'GET', url: 'https://acme.example/jobs/1' } as const;
    await expect(requestJson(dialect, call, request, jsonObjectSchema)).rejects.toBe(reason);
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': '999999' }, 3_600_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('reads %j as %s ms', async (headers, expected) => {
    const error = await errorOf(answering(429, '{}', headers), 'submit');
    expect(error.retryAfterMs).toBe(expected);
  });

  it('reads a Retry-After date', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs = 0 } = await errorOf(answering(503, '{}', { 'retry-after': date }), 'poll');
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('keeps keys, signed URLs and base64 out of the detail, and all of the body out of the message', async () => {
    const body = JSON.stringify({
      error: 'Incorrect API key provided: acme-secret-key:part-two, half part-two; sk-proj-ABCDEFGH1234',
      authorization: 'Bearer abcdefghijklmnop',
      url: 'https://files.example/a.png?X-Signature=deadbeef&Expires=1',
      image: `data:image/png;base64,${'QUJD'.repeat(200)}`,
      raw: 'QUJD'.repeat(200),
    });
    const error = await errorOf(answering(400, body), 'submit');
    const seen = JSON.stringify([error.message, error.detail, error.stack, error]);
    for (const secret of [
      'acme-secret',
      'part-two',
      'ABCDEFGH1234',
      'abcdefghijklmnop',
      'deadbeef',
      'QUJDQUJD',
    ]) {
      expect(seen).not.toContain(secret);
    }
    expect(error.detail).toContain('https://files.example/a.png');
    expect(error.message).not.toContain('Incorrect');
  });

  it('keeps the detail at 500 characters', async () => {
    const { detail = '' } = await errorOf(answering(400, 'word '.repeat(10_000)), 'submit');
    expect(detail.length).toBeLessThanOrEqual(500);
  });

  it('does not show a code that is no identifier', async () => {
    const reading = { readError: () => ({ code: '<script>alert(1)</script>' }) };
    expect((await errorOf(answering(400, '{}'), 'submit', reading)).message).not.toContain('script');
  });
});
