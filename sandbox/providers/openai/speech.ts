import { turnAway } from '../../core/accept-job';
import { serveOutput } from '../../core/serve-job';
import { jsonBody, type Visit } from '../../core/visit';
import { parsed, performed } from './call';
import { openaiErrors, unknownModel } from './errors';
import { speechInput } from './inputs';

/** POST /audio/speech: the bytes of the spoken text, in the asked format. */
export async function speak(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, speechInput, body);
  if (input === undefined) return;
  const { model, input: text, speed, response_format: format } = input;
  if (!/^(tts-1|gpt-4o-mini-tts)/.test(model))
    return turnAway(visit, model, text, 'model_not_found', unknownModel(model));
  const voice = typeof input.voice === 'string' ? input.voice : input.voice.id;
  const priceUsd = ((model.startsWith('tts-1-hd') ? 30 : 15) * text.length) / 1e6;
  const draft = {
    model,
    operation: 'speech',
    input: body,
    prompt: text,
    recipes: [{ kind: 'speech', lines: [{ text, voice }], speed, format }] as const,
    priceUsd,
  };
  const job = await performed(visit, draft, 'speech_');
  if (job !== undefined) await serveOutput(visit, job, 0, openaiErrors.serverError(500));
}
