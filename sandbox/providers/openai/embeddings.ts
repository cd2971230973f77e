import { turnAway } from '../../core/accept-job';
import { tokensOf } from '../../core/conversation';
import { jsonBody, send, type Visit } from '../../core/visit';
import { embed } from '../../media/embed';
import { parsed, performed } from './call';
import { unknownModel } from './errors';
import { embeddingInput } from './inputs';

/** POST /embeddings: as numbers or base64, the form that the official client asks for. */
export async function embedTexts(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, embeddingInput, body);
  if (input === undefined) return;
  const { model, encoding_format: encoding } = input;
  if (!model.startsWith('text-embedding-'))
    return turnAway(visit, model, '', 'model_not_found', unknownModel(model));
  const texts = typeof input.input === 'string' ? [input.input] : input.input;
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  const job = await performed(
    visit,
    {
      model,
      operation: 'embeddings',
      input: body,
      prompt: texts.join('\n'),
      recipes: [],
      priceUsd: (tokens * 0.02) / 1e6,
    },
    'emb_',
  );
  if (job === undefined) return;
  const dimensions = input.dimensions ?? (model.endsWith('large') ? 3072 : 1536);
  const data = texts.map((text, index) => {
    const vector = embed(text, dimensions);
    return { object: 'embedding', index, embedding: encoding === 'base64' ? toBase64(vector) : vector };
  });
  send(visit.response, {
    status: 200,
    body: { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } },
  });
}

/** The form that the official client asks for: little-endian 32-bit floats. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, at) => bytes.writeFloatLE(value, at * 4));
  return bytes.toString('base64');
}
