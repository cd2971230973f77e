import { jsonBody, send, type Visit } from '../../core/visit';
import { Random } from '../../media/random';
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

const categories: Readonly<Record<string, RegExp>> = {
  harassment: /idiot|stupid|loser|bully/i,
  'harassment/threatening': /i will (kill|hurt) you/i,
  sexual: /nude|naked|porn|sex\b|erotic/i,
  'sexual/minors': /(?!)/,
  hate: /hate (all|those)|racial slur/i,
  'hate/threatening': /exterminate (all|those)/i,
  illicit: /build a bomb|make meth/i,
  'illicit/violent': /build a bomb/i,
  'self-harm': /suicide|self-harm|kill myself/i,
  'self-harm/intent': /kill myself/i,
  'self-harm/instructions': /how to (kill myself|self-harm)/i,
  violence: /\bkill|murder|gore|bloody|massacre|behead|torture/i,
  'violence/graphic': /gore|dismember|behead/i,
};

/** One result of /moderations: flagged by plain words, with scores to match. */
function moderate(text: string, random = new Random(`moderation/${text}`)) {
  const names = Object.keys(categories);
  const hits = new Map(names.map((name) => [name, categories[name]?.test(text) ?? false]));
  const each = <T>(value: (hit: boolean) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, value(hits.get(name) ?? false)]));
  return {
    flagged: [...hits.values()].some(Boolean),
    categories: each((hit) => hit),
    category_scores: each((hit) => (hit ? random.between(0.82, 0.99) : random.between(0.00001, 0.004))),
    category_applied_input_types: each(() => ['text']),
  };
}
