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
  /** What every status other than 2xx looks like there. */
  readonly error: (status: number, text: string) => ScriptedAnswer;
}

const falError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { detail: text, error_type: 'internal_error' },
});
const openaiError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { error: { message: text, type: 'server_error', param: null, code: null } },
});
const replicateError = (status: number, text: string): ScriptedAnswer => ({
  status,
  body: { title: 'Error', detail: text, status },
});

export const contractAnswers: Readonly<Record<string, Readonly<Record<string, OperationAnswers>>>> = {
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
