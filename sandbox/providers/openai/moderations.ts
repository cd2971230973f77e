import { jsonBody, send, type Visit } from '../../core/visit';
import { Random } from '../../media/random';
import { unsafeWords } from '../../media/words';
import { parsed, performed } from './call';
import { moderationInput } from './inputs';

/** POST /moderations: free, flagged by plain words. */
export async function judge(visit: Visit): Promise<void> {
  const body = jsonBody(visit.request);
  const input = await parsed(visit, moderationInput, body);
  if (input === undefined) return;
  const { model, input: given } = input;
  const texts = typeof given === 'string' ? [given] : textsOf(given);
  const job = await performed(
    visit,
    { model, operation: 'moderation', input: body, prompt: texts.join('\n'), recipes: [], priceUsd: 0 },
    'modr-',
  );
  if (job !== undefined)
    send(visit.response, {
      status: 200,
      body: { id: job.id, model, results: texts.map((text) => moderate(text)) },
    });
}

/** Strings are judged one by one; parts of one message together. */
function textsOf(given: readonly (string | { text?: string })[]): string[] {
  const strings = given.filter((item) => typeof item === 'string');
  if (strings.length > 0) return strings;
  return [given.map((item) => (typeof item === 'string' ? item : (item.text ?? ''))).join('\n')];
}

/** One result of /moderations: flagged by plain words, with scores to match. */
function moderate(text: string, random = new Random(`moderation/${text}`)) {
  const names = Object.keys(unsafeWords);
  const hits = new Map(names.map((name) => [name, unsafeWords[name]?.test(text) ?? false]));
  const each = <T>(value: (hit: boolean) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, value(hits.get(name) ?? false)]));
  return {
    flagged: [...hits.values()].some(Boolean),
    categories: each((hit) => hit),
    category_scores: each((hit) => (hit ? random.between(0.82, 0.99) : random.between(0.00001, 0.004))),
    category_applied_input_types: each(() => ['text']),
  };
}
