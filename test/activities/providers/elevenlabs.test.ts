import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { elevenlabs } from '../../../activities/providers/elevenlabs';
import type { OperationRequest, SyncOperation } from '../../../activities/providers/provider';
import { ProviderError } from '../../../activities/providers/provider-error';
import { anOperationRequest, aProviderCall, CREDENTIAL, guardedFetch } from './a-provider-call';
import { ScriptedServer } from './scripted-server';

let server: ScriptedServer;

beforeAll(async () => {
  server = await new ScriptedServer().listen();
});
afterAll(async () => {
  await guardedFetch.close();
  await server.close();
});

const SOUND = { headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from([0xff, 0xfb, 0x90]) };

function callOf(operation: string, request: Partial<OperationRequest>) {
  const { call } = elevenlabs.operations[operation] as SyncOperation;
  return call(anOperationRequest(request), aProviderCall(elevenlabs, server.url));
}

describe('ElevenLabs', () => {
  it('is sent voice and format in the address, the rest with the model as JSON', async () => {
    server.answer(SOUND);
    const input = { voice_id: 'a/b', output_format: 'mp3_44100_128', text: 'Hello' };
    const reply = await callOf('speech', { model: 'eleven_v3', input });
    expect(reply).toMatchObject({ mimeType: 'audio/mpeg', bytes: expect.anything() });
    const { path, headers, body } = server.seen[0] ?? { headers: {}, body: '' };
    expect(path).toBe('/v1/text-to-speech/a%2Fb?output_format=mp3_44100_128');
    expect(headers).toMatchObject({ 'xi-api-key': CREDENTIAL });
    expect(JSON.parse(body)).toEqual({ model_id: 'eleven_v3', text: 'Hello' });
  });

  it('is sent recordings as parts of a form', async () => {
    server.answer({ body: { text: 'Hello', words: [] } });
    const file = { field: 'file', bytes: Buffer.from('RIFFxxxx'), mimeType: 'audio/wav', fileName: 'a.wav' };
    const input = { diarize: true, language_code: 'en' };
    expect(await callOf('transcription', { model: 'scribe_v2', input, files: [file] })).toMatchObject({
      body: { text: 'Hello' },
    });
    const { headers, body } = server.seen[0] ?? { headers: {}, body: '' };
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    for (const part of [
      'name="model_id"\r\n\r\nscribe_v2',
      'name="diarize"\r\n\r\ntrue',
      'filename="a.wav"',
      'RIFFxxxx',
    ])
      expect(body).toContain(part);
  });

  it.each([
    [401, { status: 'quota_exceeded', message: 'This request exceeds your quota' }, 'billing'],
    [401, { status: 'invalid_api_key', message: 'Invalid API key' }, 'authentication'],
    [429, { status: 'too_many_concurrent_requests', message: 'x' }, 'rate_limited'],
    [429, { status: 'system_busy', message: 'x' }, 'rate_limited'],
    [400, { status: 'voice_not_found', message: 'x' }, 'request_rejected'],
    [404, { status: 'voice_not_found', message: 'x' }, 'request_rejected'],
    [400, { status: 'max_character_limit_exceeded', message: 'x' }, 'request_rejected'],
    [400, { status: 'bad_prompt', message: 'x' }, 'refused'],
    [400, { status: 'model_not_found', message: 'x' }, 'model_gone'],
    [422, [{ loc: ['body', 'text'], msg: 'field required', type: 'missing' }], 'request_rejected'],
  ])('reads %d %j as %s', async (status, detail, kind) => {
    server.answer({ status, body: { detail } });
    const error: unknown = await callOf('speech', {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProviderError);
    expect((error as ProviderError).kind).toBe(kind);
  });

  it('takes no JSON and nothing empty for sound', async () => {
    for (const answer of [
      { body: { audio: 'x' } },
      { headers: { 'content-type': 'audio/mpeg' }, body: Buffer.alloc(0) },
    ]) {
      server.answer(answer);
      await expect(callOf('music', {})).rejects.toMatchObject({ kind: 'response_invalid', billed: true });
    }
  });
});
