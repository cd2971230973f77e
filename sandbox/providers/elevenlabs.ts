import express, { type Request, type Response } from 'express';
import { randomBytes } from 'node:crypto';
import { turnAway } from '../core/accept-job';
import { seedFrom } from '../core/canonical-json';
import type { Job } from '../core/job';
import { readMultipart } from '../core/multipart';
import { performJob } from '../core/perform-job';
import { outputBytes, serveOutput } from '../core/serve-job';
import type { Services } from '../core/services';
import { credentialOf, jsonBody, send, type Visit } from '../core/visit';
import type { SoundFormat, Transcript } from '../media/recipe';
import type { SandboxProvider } from '../provider';
import { elevenlabsCalls, formBody, type ElevenlabsCall } from './elevenlabs/calls';
import { elevenlabsError, elevenlabsErrors, invalidInput } from './elevenlabs/errors';

/**
 * ElevenLabs: speech, dialogue, sound effects, music, another voice, isolation, transcription; all synchronous. Base:
 * `/elevenlabs` (elevenlabs-js 2.73.0, read 2026-11-26). No streaming, no timestamps of speech.
 */
export const elevenlabs: SandboxProvider = {
  id: 'elevenlabs',
  routes: (services) => {
    const router = express.Router();
    router.use((_request, response, next) => {
      response.set({
        'request-id': randomBytes(12).toString('hex'),
        'current-concurrent-requests': '1',
        'maximum-concurrent-requests': '10',
      });
      next();
    });
    for (const call of elevenlabsCalls) {
      const path = call.hasVoice ? `${call.path}/:voice` : call.path;
      router.post(path, (request, response) => answer(visitOf(services, request, response), call));
    }
    router.use((_request, response) => send(response, elevenlabsError(404, 'not_found', 'Not Found')));
    return router;
  },
};

function visitOf(services: Services, request: Request, response: Response): Visit {
  const receivedAt = new Date().toISOString();
  return { services, provider: 'elevenlabs', errors: elevenlabsErrors, request, response, receivedAt };
}

async function answer(visit: Visit, call: ElevenlabsCall): Promise<void> {
  const { request } = visit;
  if (credentialOf(request) === undefined)
    return turnAway(visit, call.path, '', 'unauthorized', elevenlabsErrors.unauthorized());
  const body = await bodyOf(request, call);
  const format = formatOf(request.query['output_format']);
  const voice = String(request.params['voice'] ?? '');
  if (format === undefined)
    return turnAway(
      visit,
      call.path,
      '',
      'invalid',
      elevenlabsError(400, 'invalid_output_format', 'Unknown format'),
    );
  const read = call.read(body, { voice, format, seed: seedFrom(body) });
  if (!('plan' in read)) return turnAway(visit, call.path, '', 'invalid', invalidInput(read.issues));
  const id = `el_${randomBytes(12).toString('hex')}`;
  const { model, prompt, recipe, priceUsd } = read.plan;
  const draft = {
    id,
    provider: 'elevenlabs',
    model,
    operation: call.path,
    input: { voice, ...body },
    prompt,
    recipes: [recipe],
    priceUsd,
  };
  const job = await performJob(visit, draft, 'answer', failureOf);
  if (job === undefined) return;
  if (recipe.kind !== 'transcript') return serveOutput(visit, job, 0, elevenlabsErrors.serverError(500));
  send(visit.response, { status: 200, body: await transcriptOf(visit.services, job) });
}

async function bodyOf(
  request: Request,
  { isForm }: ElevenlabsCall,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!isForm) return jsonBody(request);
  const form = await readMultipart(request.body, request.get('content-type'));
  return form && formBody(form);
}

const formats: Readonly<Record<string, SoundFormat>> = { mp3: 'mp3', wav: 'wav', opus: 'opus', pcm: 'pcm' };

/** `mp3_44100_128` by its codec; the rates are those of the sandbox. */
function formatOf(asked: unknown): SoundFormat | undefined {
  return typeof asked === 'string' ? formats[asked.split('_')[0] ?? ''] : 'mp3';
}

function failureOf({ failure }: Job) {
  return failure?.kind === 'source'
    ? elevenlabsError(400, 'invalid_content', 'The file is corrupted or in an unknown format.')
    : elevenlabsErrors.serverError(500);
}

async function transcriptOf(services: Services, job: Job) {
  const transcript = JSON.parse((await outputBytes(services, job, 0)).toString('utf8')) as Transcript;
  const words = transcript.words.flatMap(({ text, start, end }, index) => {
    const word = { text, start, end, type: 'word', speaker_id: 'speaker_0', logprob: 0 };
    return index === 0 ? [word] : [{ ...word, text: ' ', end: start, type: 'spacing' }, word];
  });
  return {
    language_code: 'eng',
    language_probability: 0.98,
    text: transcript.text,
    words,
    transcription_id: job.id,
    audio_duration_secs: transcript.durationSeconds,
  };
}
