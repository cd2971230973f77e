import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { JobHandle } from '../../../activities/providers/provider';
import type { ScriptedAnswer } from './scripted-server';

/**
 * Documented answers of every operation in the registry, for the contract test (facts: the vendors' pages, read
 * 2026-11-21). A provider or operation that is missing here fails it.
 */
export interface OperationAnswers {
  readonly model: string;
  /** Of the submit, or of the synchronous call. */
  readonly accepted: ScriptedAnswer;
  /** For queues: one check of a job that is done, request by request; and one of a job that is not. */
  readonly done?: readonly ScriptedAnswer[];
  readonly pending?: ScriptedAnswer;
  readonly handle?: JobHandle;
  /** Whether a request carries the key; by default when a header holds it as it is. */
  readonly isAuthorised?: (headers: IncomingHttpHeaders) => boolean;
  /** What every status other than 2xx looks like there. */
  readonly error: (status: number, text: string) => ScriptedAnswer;
}

/** A token (JWT, HS256) that the pair of keys of the contract test signs. */
function isSignedByKeyPair({ authorization = '' }: IncomingHttpHeaders): boolean {
  const [head, payload, signature] = authorization.replace('Bearer ', '').split('.');
  const signed = createHmac('sha256', 'key-secret-5678').update(`${head}.${payload}`).digest('base64url');
  const { iss } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { iss?: unknown };
  return signature === signed && iss === 'key-id-1234';
}

/** Kling's codes of those statuses. */
const KLING_CODES: Readonly<Record<number, number>> = {
  400: 1201,
  401: 1002,
  422: 1201,
  429: 1302,
  500: 5000,
  503: 5001,
  504: 5002,
};
const klingError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { code: KLING_CODES[status] ?? 5000, message: text, request_id: 'b0e8f6a2' },
});
const KLING_TASK = {
  task_id: 'CjikY2gHPbcAAAAAAABvaQ',
  task_info: { external_task_id: 'execution/n1/acme/0' },
  created_at: 1722769557708,
  updated_at: 1722769557708,
};
const klingAnswers: OperationAnswers = {
  model: 'kling-v2-5-turbo',
  isAuthorised: isSignedByKeyPair,
  accepted: {
    body: { code: 0, message: 'SUCCEED', request_id: 'r', data: { ...KLING_TASK, task_status: 'submitted' } },
  },
  pending: {
    body: {
      code: 0,
      message: 'SUCCEED',
      request_id: 'r',
      data: { ...KLING_TASK, task_status: 'processing' },
    },
  },
  done: [
    {
      body: {
        code: 0,
        message: 'SUCCEED',
        request_id: 'r',
        data: {
          ...KLING_TASK,
          task_status: 'succeed',
          task_result: { videos: [{ id: 'v', url: 'https://p1.a.kwimgs.com/a.mp4', duration: '5.1' }] },
          final_unit_deduction: '2.5',
        },
      },
    },
  ],
  error: klingError,
};

const elevenlabsError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { detail: { status: 'error', message: text } },
});
const elevenlabsSound: OperationAnswers = {
  model: 'eleven_multilingual_v2',
  accepted: { headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from([0xff, 0xfb]) },
  error: elevenlabsError,
};

const anthropicError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { type: 'error', error: { type: 'api_error', message: text }, request_id: 'req_1' },
});
const deeplError = (status: number, text: string): ScriptedAnswer => ({ status, body: { message: text } });
const falError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { detail: text, error_type: 'internal_error' },
});
const googleError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { error: { code: status, message: text, status: 'UNKNOWN' } },
});
const googleAnswer = (part: object): ScriptedAnswer => ({
  body: { candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP' }] },
});
const openaiError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { error: { message: text, type: 'server_error', param: null, code: null } },
});
const replicateError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { title: 'Error', detail: text, status },
});

const stabilityError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { id: 'a'.repeat(32), name: 'bad_request', errors: [text] },
});
const bflError = (status: number, text: string): ScriptedAnswer => ({ status, body: { detail: text } });
const recraftError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { code: 'some_code', message: text },
});
const arkError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { error: { code: 'SomeCode', message: text } },
});

export const contractAnswers: Readonly<Record<string, Readonly<Record<string, OperationAnswers>>>> = {
  deepl: {
    translate: {
      model: 'quality_optimized',
      accepted: { body: { translations: [{ detected_source_language: 'EN', text: 'Hallo.' }] } },
      error: deeplError,
    },
  },
  ark: {
    images: {
      model: 'seedream-4-0-250828',
      accepted: {
        body: {
          model: 'seedream-4-0-250828',
          created: 1,
          data: [{ url: 'https://a.example/1.jpeg', size: '1x1' }],
        },
      },
      error: arkError,
    },
  },
  bfl: {
    task: {
      model: 'flux-2-pro',
      accepted: {
        body: { id: 'f1a2', polling_url: 'https://api.us1.bfl.ai.example/v1/get_result?id=f1a2', cost: 3 },
      },
      pending: { body: { id: 'f1a2', status: 'Pending', progress: 0.5, result: null } },
      done: [
        { body: { id: 'f1a2', status: 'Ready', result: { sample: 'https://delivery.example/a.jpeg' } } },
      ],
      error: bflError,
    },
  },
  recraft: {
    images: {
      model: 'recraftv4',
      accepted: {
        body: { created: 1, credits: 40, data: [{ image_id: 'a', url: 'https://img.example/a' }] },
      },
      error: recraftError,
    },
    tool: {
      model: 'vectorize',
      accepted: { body: { created: 1, credits: 10, image: { image_id: 'a', url: 'https://img.example/a' } } },
      error: recraftError,
    },
  },
  stability: {
    image: {
      model: 'generate/core',
      accepted: { body: { image: 'iVBORw0KGgo=', finish_reason: 'SUCCESS', seed: 1 } },
      error: stabilityError,
    },
    job: {
      model: 'upscale/creative',
      accepted: { body: { id: 'a6dc6c6e20acda010fe14d71f180658f2896ed9b4ec25aa99a6ff06c796987c4' } },
      pending: { status: 202, body: { id: 'a6dc6c6e20acda01', status: 'in-progress' } },
      done: [{ body: { result: 'iVBORw0KGgo=', finish_reason: 'SUCCESS', seed: 1 } }],
      error: stabilityError,
    },
  },
  elevenlabs: {
    speech: elevenlabsSound,
    dialogue: elevenlabsSound,
    sound_effect: elevenlabsSound,
    music: elevenlabsSound,
    voice_changer: elevenlabsSound,
    isolation: elevenlabsSound,
    transcription: {
      model: 'scribe_v2',
      accepted: {
        body: {
          language_code: 'eng',
          language_probability: 0.98,
          text: 'Hello.',
          words: [
            { text: 'Hello.', start: 0.1, end: 0.5, type: 'word', speaker_id: 'speaker_0', logprob: 0 },
          ],
          transcription_id: 't',
          audio_duration_secs: 0.7,
        },
      },
      error: elevenlabsError,
    },
  },
  kling: {
    text_to_video: klingAnswers,
    image_to_video: klingAnswers,
    images_to_video: klingAnswers,
    avatar: klingAnswers,
    lip_sync: klingAnswers,
  },
  anthropic: {
    messages: {
      model: 'claude-haiku-5-5',
      accepted: { body: { content: [{ type: 'text', text: 'Hello.' }], stop_reason: 'end_turn' } },
      error: anthropicError,
    },
  },
  fal: {
    queue: {
      model: 'fal-ai/bytedance/seedream/v4/text-to-image',
      accepted: { body: { status: 'IN_QUEUE', request_id: '764cabcf-b745-4b3e-ae38-1200304cf45b' } },
      pending: { status: 202, body: { status: 'IN_PROGRESS', logs: [] } },
      done: [
        { body: { status: 'COMPLETED' } },
        { body: { images: [{ url: 'https://v3.fal.media/a.png' }] } },
      ],
      error: falError,
    },
    run: {
      model: 'fal-ai/birefnet',
      accepted: { body: { image: { url: 'https://v3.fal.media/files/a.png' } } },
      error: falError,
    },
  },
  google: {
    generate_content: {
      model: 'gemini-3.5-flash-lite',
      accepted: googleAnswer({ text: 'Hello.' }),
      error: googleError,
    },
    speech: {
      model: 'gemini-3.8-flash-tts',
      accepted: googleAnswer({ inlineData: { mimeType: 'audio/L16;rate=24000', data: 'AAAA' } }),
      error: googleError,
    },
    embeddings: {
      model: 'gemini-embedding-2',
      accepted: { body: { embeddings: [{ values: [0.6, 0.8] }] } },
      error: googleError,
    },
    interaction: {
      model: 'gemini-omni-1.2-flash',
      accepted: { body: { id: 'v1_abc', object: 'interaction', status: 'queued' } },
      pending: { body: { id: 'v1_abc', status: 'in_progress', steps: [] } },
      done: [{ body: { id: 'v1_abc', status: 'completed', output_video: { type: 'video', data: 'AAAA' } } }],
      error: googleError,
    },
  },
  openai: {
    chat: {
      model: 'gpt-x',
      accepted: {
        body: { choices: [{ message: { content: 'Hello.', refusal: null }, finish_reason: 'stop' }] },
      },
      error: openaiError,
    },
    images: {
      model: 'gpt-image-2',
      accepted: { body: { created: 1713833628, data: [{ b64_json: 'iVBORw0KGgo=' }] } },
      error: openaiError,
    },
    edits: {
      model: 'gpt-image-2',
      accepted: { body: { created: 1713833628, data: [{ b64_json: 'iVBORw0KGgo=' }] } },
      error: openaiError,
    },
    transcriptions: {
      model: 'gpt-transcribe',
      accepted: { body: { text: 'Hello.' } },
      error: openaiError,
    },
    moderations: {
      model: 'omni-moderation-latest',
      accepted: {
        body: { id: 'modr-1', results: [{ flagged: false, categories: {}, category_scores: {} }] },
      },
      error: openaiError,
    },
    embeddings: {
      model: 'text-embedding-3-small',
      accepted: { body: { object: 'list', data: [{ index: 0, embedding: [0.6, 0.8] }] } },
      error: openaiError,
    },
    speech: {
      model: 'gpt-4o-mini-tts',
      accepted: { headers: { 'content-type': 'audio/mpeg' }, body: Buffer.from([0xff, 0xfb]) },
      error: openaiError,
    },
  },
  replicate: {
    prediction: {
      model: 'black-forest-labs/flux-2-pro',
      accepted: { status: 201, body: { id: 'gm3qorzdhgbfurvjtvhg6dckhu', status: 'starting' } },
      pending: { body: { id: 'gm3qorzdhgbfurvjtvhg6dckhu', status: 'processing', output: null } },
      done: [
        {
          body: {
            id: 'gm3qorzdhgbfurvjtvhg6dckhu',
            status: 'succeeded',
            output: 'https://replicate.delivery/a.webp',
          },
        },
      ],
      error: replicateError,
    },
  },
};
