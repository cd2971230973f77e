import { describe, expect, it } from '@jest/globals';
import { errorMessage } from '../../../cli/embedded/log-watch';

describe('errorMessage', () => {
  it('gives the message of an error or a fatal line', () => {
    expect(errorMessage('{"level":50,"msg":"provider fal is down"}')).toBe('provider fal is down');
    expect(errorMessage('{"level":60,"msg":"out of memory"}')).toBe('out of memory');
  });

  it('shows an error line without a message whole', () => {
    expect(errorMessage('{"level":50,"code":"x"}')).toBe('{"level":50,"code":"x"}');
  });

  it.each([
    '{"level":30,"msg":"fine"}',
    'plain text',
    '{"level":50,"msg":"cut',
    '',
    '{"level":"50"}',
    'null',
  ])('passes over %j', (line) => expect(errorMessage(line)).toBeUndefined());
});
