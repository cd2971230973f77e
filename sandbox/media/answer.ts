import { optionIn, valueFor } from './answer-schema';
import { keywordsOf, look, sentenceCase, titleCase, translated } from './answer-words';
import { Random } from './random';
import type { AnswerRecipe, Made } from './recipe';

/** What a language model might say: of the asked kind, about the given text, the same each time. */
export function makeAnswer(recipe: AnswerRecipe): Promise<Made> {
  const text = answerTo(recipe);
  return Promise.resolve({
    bytes: Buffer.from(text),
    contentType: 'text/plain; charset=utf-8',
    extension: 'txt',
  });
}

interface Question {
  /** System and user text together, where the kind of answer is asked for. */
  readonly asked: string;
  /** What it is about: the user's text. */
  readonly text: string;
  readonly random: Random;
  readonly pictures: number;
}

type Reply = (question: Question) => string;

/** In order: the first pattern that the question fits says what kind of answer is wanted. */
const kinds: readonly (readonly [RegExp, Reply])[] = [
  [/\b(one of|choose (from|between)|classify|categor|either)\b/i, choose],
  [/\btranslat/i, translate],
  [/\b(score|rate|rating|judge|grade|evaluate)\b/i, score],
  [/\b(yes or no|true or false)\b/i, ({ random }) => (random.next() < 0.8 ? 'Yes' : 'No')],
  [/\b(title|headline|slogan|tagline|name for)\b/i, title],
  [
    /\b(hashtags?|tags|keywords)\b/i,
    ({ asked, text }) =>
      keywordsOf(text, 6)
        .map((word) => (/hashtag/i.test(asked) ? `#${word}` : word))
        .join(', '),
  ],
  [/\b(rewrite|improve|expand|enhance|image prompt|video prompt|prompt for)\b/i, prompt],
  [/\b(summar|tl;dr|shorten)/i, summary],
  [/\b(script|narrat|voice-?over|story|monologue|speech)/i, story],
  [/\b(list|bullet|ideas|steps)\b/i, list],
  [/\b(describe|description|caption|alt text|what (is|do you) see|look at)\b/i, description],
];

function answerTo({ instruction, text, images, schema, json, seed }: AnswerRecipe): string {
  const asked = `${instruction}\n${text}`;
  const random = new Random(`${asked}/${seed}/${images.length}`);
  if (schema !== undefined) return JSON.stringify(valueFor(schema, 'answer', text, random));
  const keys = [...asked.matchAll(/"(\w{1,40})"\s*:/g)].map(([, key = '']) => key);
  if (json === true || (keys.length > 0 && /json/i.test(asked)))
    return JSON.stringify(objectWith(keys, text, random));
  const question: Question = { asked, text: subjectOf(text), random, pictures: images.length };
  const reply = kinds.find(([pattern]) => pattern.test(asked))?.[1] ?? description;
  return reply(question);
}

/** After a colon stands what an instruction is about: "Translate to French: good morning". */
function subjectOf(text: string): string {
  const [, after = ''] = /^[^:\n]{3,160}:\s*([\s\S]+)$/.exec(text) ?? [];
  return after.trim() === '' ? text.trim() : after.trim();
}

function objectWith(keys: readonly string[], text: string, random: Random): unknown {
  const properties = Object.fromEntries(
    (keys.length > 0 ? keys : ['result']).map((key) => [key, guessedSchema(key)]),
  );
  return valueFor({ type: 'object', properties }, 'answer', text, random);
}

function guessedSchema(key: string): Record<string, unknown> {
  if (/score|rating|quality|grade/i.test(key)) return { type: 'number' };
  if (/count|number|seconds|width|height/i.test(key)) return { type: 'integer' };
  if (/^(is|has|should)[A-Z_]|passed|approved|flagged/.test(key)) return { type: 'boolean' };
  if (/s$/.test(key) && !/ss$/.test(key)) return { type: 'array', items: { type: 'string' } };
  return { type: 'string' };
}

function choose({ asked, random }: Question): string {
  const [, listed = ''] =
    /one of\s*(?:the following|these)?\s*:?\s*([^.\n?]{3,200})/i.exec(asked) ??
    /(?:from|between|into|either|as)\s*:?\s*([^.\n?]{3,200})/i.exec(asked) ??
    [];
  const options = listed
    .split(/,|\bor\b|\band\b|\//)
    .map((option) => option.replace(/["'`]/g, '').trim())
    .filter((option) => option !== '' && option.length < 40);
  return options.length === 0 ? 'other' : String(optionIn(options, asked.replace(listed, ''), random));
}

function translate({ asked, text }: Question): string {
  const [, language = 'German'] = /\b(?:in)?to\s+([A-Za-z-]{2,20})/i.exec(asked) ?? [];
  return translated(text, language);
}

/** In the range that was asked for, from its upper part; 0–10 where none was. */
function score({ asked, random }: Question): string {
  const [, from = '0', to = '10'] =
    /(\d+(?:\.\d+)?)\s*(?:-|–|to|and|\.\.+)\s*(\d+(?:\.\d+)?)/.exec(asked) ?? [];
  const value = Number(from) + (Number(to) - Number(from)) * random.between(0.72, 0.96);
  return Number(to) <= 1 ? value.toFixed(2) : String(Math.round(value * 10) / 10);
}

function title({ text, random }: Question): string {
  const [first = 'light', second = 'horizon'] = keywordsOf(text, 2).map((word) => word.toLowerCase());
  return titleCase(
    random.pick([
      `The ${first} and the ${second}`,
      `Where ${first} meets ${second}`,
      `A song of ${first} and ${second}`,
      `${first}, ${second}, and the quiet between`,
    ]),
  );
}

function prompt({ text, random }: Question): string {
  const style = random.pick([
    'cinematic lighting',
    'soft morning light',
    'dramatic golden hour',
    'studio light, crisp focus',
  ]);
  return `${text.replace(/[.\s]+$/, '')}, ${style}, ${look(random)}, 35 mm, highly detailed, harmonious colours`;
}

function summary({ text }: Question): string {
  const [first = text] = /^[^.!?]{10,240}[.!?]?/.exec(text) ?? [];
  return `${sentenceCase(first.trim().replace(/[.!?]$/, ''))}: in short, ${keywordsOf(text, 3).join(', ')}.`;
}

function story({ text, random }: Question): string {
  const [first = 'light', second = 'sea', third = 'evening'] = keywordsOf(text, 3).map((word) =>
    word.toLowerCase(),
  );
  return `It begins with ${first}. Slowly ${look(random)}, and ${second} comes into view. By the end, only ${third} remains, and the quiet that follows.`;
}

function list({ text, random }: Question): string {
  return keywordsOf(text, random.integer(3, 5))
    .map((word, index) => `${index + 1}. ${sentenceCase(word)}: ${look(random)}`)
    .join('\n');
}

function description({ text, random, pictures }: Question): string {
  const [first = 'light', second, third] = keywordsOf(text, 3).map((word) => word.toLowerCase());
  const others = [second, third].filter((word) => word !== undefined).join(' and ');
  const opening = pictures > 0 ? 'The picture shows' : 'Picture';
  return `${opening} ${first}${others === '' ? '' : ` with ${others}`}: ${look(random)}, and ${look(random)}.`;
}
