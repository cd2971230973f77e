import { turnAway } from '../../core/accept-job';
import { tokensOf } from '../../core/conversation';
import { jsonBody, send, type Visit } from '../../core/visit';
import { embed } from '../../media/embed';
import { parsed, performed } from './call';
import { unknownModel } from './errors';
import { embedInput } from './inputs';

/** POST /models/{model}:batchEmbedContents; $0.20 per million tokens (LiteLLM 1.109.1, gemini-embedding-2). */
export async function embedContents(visit: Visit, model: string, version: string): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, model, embedInput, body);
  if (input === undefined) return;
  if (!/^gemini-embedding-(001|2)$/.test(model))
    return turnAway(visit, model, '', 'model_not_found', unknownModel(model, version));
  const texts = input.requests.map(({ content }) => content.parts.map(({ text }) => text ?? '').join('\n'));
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  const prompt = texts.join('\n');
  const priceUsd = (tokens * 0.2) / 1e6;
  const job = await performed(visit, {
    model,
    operation: 'embeddings',
    input: body,
    prompt,
    recipes: [],
    priceUsd,
  });
  if (job === undefined) return;
  if (job.failure?.kind === 'refused')
    return send(visit.response, {
      status: 200,
      body: { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } },
    });
  const embeddings = texts.map((text, index) => ({
    values: embed(text, input.requests[index]?.outputDimensionality ?? 3_072),
  }));
  send(visit.response, { status: 200, body: { embeddings } });
}
