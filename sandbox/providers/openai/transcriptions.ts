import { turnAway } from '../../core/accept-job';
import { asDataUri, readMultipart } from '../../core/multipart';
import { outputBytes } from '../../core/serve-job';
import { send, type Visit } from '../../core/visit';
import type { Transcript } from '../../media/recipe';
import { parsed, performed } from './call';
import { openaiError, unknownModel } from './errors';
import { transcriptionInput, type TranscriptionInput } from './inputs';

/** US dollars a minute by model: LiteLLM 1.109.1, read 2026-11-26. */
const MINUTE_USD: Readonly<Record<string, number>> = {
  'gpt-transcribe': 0.0045,
  'gpt-4o-transcribe': 0.006,
  'gpt-4o-mini-transcribe': 0.003,
  'whisper-1': 0.006,
};

/** POST /audio/transcriptions: what is said in the `file` of a form. Only whisper-1 gives the times of words. */
export async function transcribe(visit: Visit): Promise<void> {
  const form = await readMultipart(visit.request.body, visit.request.get('content-type'));
  const input = await parsed(visit, transcriptionInput, form?.fields);
  if (input === undefined) return;
  const { model, response_format: format } = input;
  const minuteUsd = Object.hasOwn(MINUTE_USD, model) ? MINUTE_USD[model] : undefined;
  if (minuteUsd === undefined) return turnAway(visit, model, '', 'model_not_found', unknownModel(model));
  if (format === 'verbose_json' && model !== 'whisper-1')
    return turnAway(visit, model, '', 'invalid', wrongFormat(format, model));
  const file = form?.files.find(({ field }) => field === 'file');
  if (file === undefined) return turnAway(visit, model, '', 'invalid', missingFile);
  const source = asDataUri(file);
  const job = await performed(
    visit,
    {
      model,
      operation: 'transcriptions',
      input: { ...form?.fields, file: source },
      prompt: '',
      recipes: [{ kind: 'transcript', source }],
      priceUsd: minuteUsd,
    },
    'tr_',
  );
  if (job === undefined) return;
  const made = JSON.parse((await outputBytes(visit.services, job, 0)).toString('utf8')) as Transcript;
  if (format === 'text') visit.response.type('text/plain').send(`${made.text}\n`);
  else send(visit.response, { status: 200, body: answerOf(input, made) });
}

function answerOf({ response_format: format, language }: TranscriptionInput, made: Transcript) {
  const { text, durationSeconds, words } = made;
  const usage = { type: 'duration', seconds: Math.ceil(durationSeconds) };
  if (format !== 'verbose_json') return { text, usage };
  return {
    task: 'transcribe',
    language: language ?? 'english',
    duration: durationSeconds,
    text,
    words: words.map(({ text: word, start, end }) => ({ word, start, end })),
    usage,
  };
}

const missingFile = openaiError(400, "Missing required parameter: 'file'.", {
  code: 'missing_required_parameter',
  param: 'file',
});

function wrongFormat(format: string, model: string) {
  return openaiError(400, `response_format '${format}' is not compatible with model '${model}'.`, {
    code: 'unsupported_value',
    param: 'response_format',
  });
}
