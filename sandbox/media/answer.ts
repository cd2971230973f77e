import { optionIn, valueFor, type Subject } from './answer-schema';
import { keywordsOf, look, sentenceCase, titleCase, translated } from './answer-words';
import type { Sight } from './look-at';
import { Random } from './random';
import type { AnswerRecipe, Made } from './recipe';
import { richnessOf } from './words';

/** What a language model might say: of the asked kind, about what it was given, the same each time. */
export function makeAnswer(recipe: AnswerRecipe, seen: readonly Sight[] = []): Promise<Made> {
  const text = answerTo(recipe, seen);
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
  readonly seen: readonly Sight[];
  /** 0 to 1, of what is judged. */
  readonly quality: number;
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

function answerTo(recipe: AnswerRecipe, seen: readonly Sight[]): string {
  const { instruction, json, seed } = recipe;
  const { text, schema = recipe.schema } = withoutSchema(recipe.text);
  const asked = `${instruction}\n${text}`;
  const digests = seen.map((sight) => sight.sha256.slice(0, 16)).join(' ');
  const random = new Random(`${asked}/${seed}/${digests}`);
  const subject = subjectFor(asked, text, seen, random);
  if (schema !== undefined) return JSON.stringify(valueFor(schema, 'answer', subject));
  const keys = [...asked.matchAll(/"(\w{1,40})"\s*:/g)].map(([, key = '']) => key);
  if (json === true || (keys.length > 0 && /json/i.test(asked)))
    return JSON.stringify(objectWith(keys, subject));
  const { quality } = subject;
  const question: Question = { asked, text: subjectOf(text), random, seen, quality };
  const reply = kinds.find(([pattern]) => pattern.test(asked))?.[1] ?? description;
  return reply(question);
}

/** Where a model has no place for a schema, callers put it into words, at the end. */
function withoutSchema(text: string): { text: string; schema?: Readonly<Record<string, unknown>> } {
  const [, before = '', json = ''] = /^([\s\S]*?)[^\n]*\bJSON Schema:\s*(\{[\s\S]*\})\s*$/.exec(text) ?? [];
  try {
    const schema: unknown = JSON.parse(json);
    return { text: before.trim(), schema: schema as Readonly<Record<string, unknown>> };
  } catch {
    return { text };
  }
}

/** Pictures that the sandbox made are known by what they show; a judge goes by detail, or by the words. */
function subjectFor(asked: string, text: string, seen: readonly Sight[], random: Random): Subject {
  const reading = seen.flatMap(({ content }) => (content === undefined ? [] : [content])).join('\n');
  const details = seen.map(({ detail }) => 0.3 + 0.65 * detail);
  const quality =
    details.length > 0 ? details.reduce((sum, detail) => sum + detail, 0) / details.length : richnessOf(text);
  const about = [subjectOf(text), reading].join(' ').trim();
  return { text: about, random, quality, reading, language: languageIn(asked) };
}

/** After a colon stands what an instruction is about: "Translate to French: good morning". */
function subjectOf(text: string): string {
  const [, after = ''] = /^[^:\n]{3,160}:\s*([\s\S]+)$/.exec(text) ?? [];
  return after.trim() === '' ? text.trim() : after.trim();
}

function objectWith(keys: readonly string[], subject: Subject): unknown {
  const properties = Object.fromEntries(
    (keys.length > 0 ? keys : ['result']).map((key) => [key, guessedSchema(key)]),
  );
  return valueFor({ type: 'object', properties }, 'answer', subject);
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
  return translated(text, languageIn(asked) ?? 'German');
}

function languageIn(asked: string): string | undefined {
  return /\b(?:in)?to\s+([A-Za-z-]{2,20})/i.exec(asked)?.[1];
}

/** In the range that was asked for; 0–10 where none was. */
function score({ asked, quality }: Question): string {
  const [, from = '0', to = '10'] =
    /(\d+(?:\.\d+)?)\s*(?:-|–|to|and|\.\.+)\s*(\d+(?:\.\d+)?)/.exec(asked) ?? [];
  const value = Number(from) + (Number(to) - Number(from)) * quality;
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

function description({ text, random, seen }: Question): string {
  const [sight] = seen;
  const about = sight?.content ?? text;
  const [first = 'light', second, third] = keywordsOf(about, 3).map((word) => word.toLowerCase());
  const others = [second, third].filter((word) => word !== undefined).join(' and ');
  const subject = `${first}${others === '' ? '' : ` with ${others}`}`;
  if (sight === undefined) return `Picture ${subject}: ${look(random)}, and ${look(random)}.`;
  const shown = sight.content === undefined ? 'a quiet scene' : subject;
  return `The picture shows ${shown}, mostly ${sight.colour}: ${look(random)}, and ${look(random)}.`;
}
