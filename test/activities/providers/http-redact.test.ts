import { describe, expect, it } from '@jest/globals';
import { redact } from '../../../activities/providers/http-redact';

describe('what a provider says in its errors', () => {
  it.each([
    ['a known credential', 'no such key: abc-123456', ['abc-123456'], 'no such key: [redacted]'],
    ['a part of one', 'user joe-123456', ['joe-123456:pass-123456'], 'user [redacted]'],
    ['what looks like a key', 'got sk-live-abcdefgh12', [], 'got [redacted]'],
    [
      'the token of a callback address',
      'cannot call http://a.example/api/v1/callbacks/abcDEF_123456-x again',
      [],
      'cannot call http://a.example/api/v1/callbacks/[redacted] again',
    ],
    [
      'that token within a query',
      'POST /fal-ai?fal_webhook=http%3A%2F%2Fa.example%2Fapi%2Fv1%2Fcallbacks%2FabcDEF_123456',
      [],
      'POST /fal-ai?fal_webhook=http%3A%2F%2Fa.example%2Fapi%2Fv1%2Fcallbacks%2F[redacted]',
    ],
    [
      'the query of a signed URL',
      'see https://a.example/b?signature=abc',
      [],
      'see https://a.example/b?[redacted]',
    ],
  ])('is kept without %s', (_what, text, secrets, kept) => {
    expect(redact(text, secrets)).toBe(kept);
  });
});
