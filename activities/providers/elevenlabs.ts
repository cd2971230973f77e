import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../workflows/contract';
import {
  isJsonObject,
  jsonObjectSchema,
  providerError,
  requestBytes,
  requestJson,
  type ErrorAnswer,
  type ErrorReading,
  type HttpDialect,
  type ProviderRequest,
} from './http';
import { toForm } from './http-form';
import { defineProvider, type OperationRequest, type ProviderCall, type SyncOperation } from './provider';
import type { ProviderErrorKind } from './provider-error';

const dialect: HttpDialect = {
  provider: 'elevenlabs',
  label: 'ElevenLabs',
  credentialVariable: 'ELEVENLABS_API_KEY',
  authorize: (credential) => ({ 'xi-api-key': credential }),
  readError,
  // An error object means that nothing was generated; a lost connection says nothing.
  serverErrorsAreDefinite: true,
};

/**
 * ElevenLabs: every call is synchronous. What makes sound answers its bytes (`reply.bytes`), `transcription` answers
 * JSON. `voice_id` and `output_format` of the input go into the address, where the API wants them. No idempotency key is
 * documented, so a call that broke off stays unknown.
 *
 * @see elevenlabs-js 2.73.0 and elevenlabs.io/docs (errors), read 2026-11-21
 */
export const elevenlabs = defineProvider({
  id: 'elevenlabs',
  label: 'ElevenLabs',
  baseUrl: {
    variable: 'ELEVENLABS_BASE_URL',
    live: 'https://api.elevenlabs.io',
    sandboxPath: '/elevenlabs',
  },
  credentialVariable: 'ELEVENLABS_API_KEY',
  submitSafety: 'none',
  mediaWithoutUrl: 'data_uri',
  operations: {
    speech: soundOperation('/v1/text-to-speech', 'json'),
    dialogue: soundOperation('/v1/text-to-dialogue', 'json'),
    sound_effect: soundOperation('/v1/sound-generation', 'json'),
    music: soundOperation('/v1/music', 'json'),
    voice_changer: soundOperation('/v1/speech-to-speech', 'form'),
    // Takes no `model_id`: there is one model.
    isolation: soundOperation('/v1/audio-isolation', 'form', false),
    transcription: {
      kind: 'sync',
      call: async (request, call) => {
        const sent = toRequest('/v1/speech-to-text', 'form', true, request, call);
        return { body: (await requestJson(dialect, call, sent, jsonObjectSchema)).body };
      },
    },
  },
});

/** Ten minutes of music at the best rate stay below. */
const MAX_BYTES = 134_217_728;

function soundOperation(path: string, encoding: 'json' | 'form', sendsModel = true): SyncOperation {
  return {
    kind: 'sync',
    call: async (request, call) => {
      const sent = toRequest(path, encoding, sendsModel, request, call);
      const { headers, bytes } = await requestBytes(dialect, call, sent);
      const mimeType = headers.get('content-type')?.split(';')[0]?.trim();
      // An empty answer or JSON is no sound; that the rest is one the bytes themselves must show.
      if (bytes.byteLength === 0 || mimeType === 'application/json') {
        const detail = `unexpected ${String(mimeType)}, ${String(bytes.byteLength)} bytes`;
        throw providerError(dialect, call, { kind: 'response_invalid', detail, billed: true });
      }
      return { body: null, bytes, mimeType };
    },
  };
}

function toRequest(
  path: string,
  encoding: 'json' | 'form',
  sendsModel: boolean,
  { model, input, files }: OperationRequest,
  call: ProviderCall,
): ProviderRequest {
  const { voice_id: voice, output_format: format, ...rest } = input;
  const place = typeof voice === 'string' ? `${path}/${encodeURIComponent(voice)}` : path;
  const query = typeof format === 'string' ? `?output_format=${encodeURIComponent(format)}` : '';
  const fields: JsonObject = sendsModel ? { model_id: model, ...rest } : rest;
  const common = { purpose: 'call', method: 'POST', url: `${call.baseUrl}${place}${query}` } as const;
  return encoding === 'json'
    ? { ...common, json: fields, maxBytes: MAX_BYTES }
    : { ...common, form: toForm(fields, files), maxBytes: MAX_BYTES };
}

const KINDS: Readonly<Record<string, ProviderErrorKind>> = {
  // Comes as a 401.
  quota_exceeded: 'billing',
  payment_required: 'billing',
  model_not_found: 'model_gone',
  // The voice is the user's choice; the model is there.
  voice_not_found: 'request_rejected',
  max_character_limit_exceeded: 'request_rejected',
  too_many_concurrent_requests: 'rate_limited',
  system_busy: 'rate_limited',
  // Music: words of a song or the name of an artist under copyright.
  bad_prompt: 'refused',
  bad_composition_plan: 'refused',
};

const detailObject = z.object({ status: z.string().optional(), message: z.string().optional() });
const detailList = z
  .array(z.object({ loc: z.array(z.union([z.string(), z.number()])), type: z.string() }))
  .min(1);

/** `{detail: {status, message}}`; a body that does not validate has a list there. */
function readError({ body }: ErrorAnswer): ErrorReading {
  const detail: JsonValue | undefined = body['detail'];
  if (isJsonObject(detail)) {
    const { status, message = '' } = detailObject.safeParse(detail).data ?? {};
    return { kind: KINDS[status ?? ''] ?? kindOfMessage(message), code: status };
  }
  const [first] = detailList.safeParse(detail).data ?? [];
  if (first === undefined) return {};
  const place = first.loc.filter((part) => part !== 'body').join('.');
  return { code: place === '' ? first.type : `${first.type} at ${place}` };
}

function kindOfMessage(message: string): ProviderErrorKind | undefined {
  return /terms of service|content policy|usage polic|prohibited content/i.test(message)
    ? 'refused'
    : undefined;
}
