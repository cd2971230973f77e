import { turnAway } from '../../core/accept-job';
import { tokensOf } from '../../core/conversation';
import { jsonBody, send, type Visit } from '../../core/visit';
import { Random } from '../../media/random';
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

/** A unit vector to which each word adds a direction of its own: texts that share words lie close together. */
function embed(text: string, dimensions: number): number[] {
  const sum = new Float64Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const random = new Random(`embedding/${word}`);
    for (let at = 0; at < dimensions; at += 1) sum[at] = (sum[at] ?? 0) + random.between(-1, 1);
  }
  const length = Math.hypot(...sum) || 1;
  return [...sum].map((value) => value / length);
}

/** The form that the official client asks for: little-endian 32-bit floats. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, at) => bytes.writeFloatLE(value, at * 4));
  return bytes.toString('base64');
}
