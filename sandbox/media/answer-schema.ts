import { keywordsOf, look, sentenceCase, titleCase, translated } from './answer-words';
import type { Random } from './random';
import { isUnsafe, languageOf, moodOf } from './words';

type Schema = Readonly<Record<string, unknown>>;

/** What a value is about. */
export interface Subject {
  readonly text: string;
  readonly random: Random;
  /** What judges give, as a share of their range: 0 to 1. */
  readonly quality: number;
  /** What can be read in the pictures that were shown. */
  readonly reading: string;
  /** The language asked for, by name or code, of a translation. */
  readonly language?: string;
}

/** A value that fits a JSON Schema and, by the names of its properties, the subject. */
export function valueFor(schema: Schema, name: string, subject: Subject): unknown {
  return valueIn({ schema, name, root: schema, depth: 0 }, subject);
}

interface Place {
  readonly schema: Schema;
  readonly name: string;
  readonly root: Schema;
  /** Guards against recursion. */
  readonly depth: number;
}

function valueIn(place: Place, subject: Subject): unknown {
  const { name, root, depth } = place;
  const here = resolved(place.schema, root);
  const inner = (schema: unknown, part = name): unknown =>
    valueIn({ schema: asSchema(schema), name: part, root, depth: depth + 1 }, subject);
  if (depth > 8) return null;
  if ('const' in here) return here['const'];
  if (Array.isArray(here['enum'])) return optionIn(here['enum'], subject.text, subject.random);
  const choice = [here['anyOf'], here['oneOf'], here['allOf']].find(Array.isArray);
  if (Array.isArray(choice)) return inner(choice[0]);
  switch (typeOf(here)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(asSchema(here['properties'])).map(([key, part]) => [key, inner(part, key)]),
      );
    case 'array':
      return listFor(here, place, subject, inner);
    case 'number':
      return Math.round(numberFor(here, name, subject) * 100) / 100;
    case 'integer':
      return Math.round(numberFor(here, name, subject));
    case 'boolean':
      return booleanFor(name, subject);
    case 'null':
      return null;
    default:
      return textFor(here, name, subject);
  }
}

function listFor(
  here: Schema,
  { name, root }: Place,
  { text, random }: Subject,
  inner: (schema: unknown) => unknown,
): unknown[] {
  const least = boundOf(here, 'minItems', 0);
  const most = boundOf(here, 'maxItems', 12);
  const count = Math.min(most, Math.max(least, random.integer(3, 4)));
  const item = resolved(asSchema(here['items']), root);
  const words = keywordsOf(text, count);
  return Array.from({ length: count }, (_, index) =>
    typeOf(item) === 'string' && !Array.isArray(item['enum']) && /tag|keyword|topic|colou?r|word/i.test(name)
      ? (words[index] ?? `${words[0]} ${index + 1}`)
      : inner(here['items']),
  );
}

function booleanFor(name: string, { text }: Subject): boolean {
  if (/flag|block|refus|unsafe|reject|nsfw|violat/i.test(name)) return isUnsafe(text);
  return true;
}

/** Judges go by the subject's quality; what is sure of itself is in the upper part of its range. */
function numberFor(here: Schema, name: string, { text, random, quality }: Subject): number {
  const [, from, to] = /from (-?\d+(?:\.\d+)?) to (-?\d+(?:\.\d+)?)/.exec(String(here['description'])) ?? [];
  const low = boundOf(here, 'minimum', boundOf(here, 'exclusiveMinimum', Number(from ?? 0)));
  const isScore = /score|rating|quality|grade/i.test(name);
  const usual = isScore ? 10 : /confidence|probability|share|weight|severity/i.test(name) ? 1 : 100;
  const top = to === undefined ? Math.max(usual, low) : Number(to);
  const high = boundOf(here, 'maximum', boundOf(here, 'exclusiveMaximum', top));
  if (/severity/i.test(name)) return isUnsafe(text) ? low + (high - low) * 0.9 : low;
  if (isScore && low < 0) return low + ((high - low) * (moodOf(text) + 1)) / 2;
  return low + (high - low) * (isScore ? quality : random.between(0.72, 0.96));
}

function textFor(here: Schema, name: string, subject: Subject): string {
  const [, make] = texts.find(([pattern]) => pattern.test(name)) ?? [];
  const { text, random } = subject;
  const [first = 'light'] = keywordsOf(text, 1);
  const value =
    make?.(subject) ??
    (here['format'] === 'date' ? '2026-11-21' : `${sentenceCase(first)}: ${look(random)}.`);
  const most = boundOf(here, 'maxLength', Infinity);
  return value.slice(0, most).padEnd(Math.min(boundOf(here, 'minLength', 0), 10_000), '.');
}

const twoOf = (text: string): readonly [string, string] => {
  const [first = 'light', second = 'sky'] = keywordsOf(text, 2);
  return [first, second];
};

/** By the name of the property: what stands there. */
const texts: readonly (readonly [RegExp, (subject: Subject) => string])[] = [
  [/lang/i, ({ text }) => languageOf(text)],
  [/translat/i, ({ text, language }) => translated(text, language ?? 'German')],
  [/reading|transcription|^ocr/i, ({ reading }) => reading],
  [/title|headline|name|label/i, ({ text }) => titleCase(twoOf(text).join(' '))],
  [/date/i, () => '2026-11-21'],
  [/url|uri|link/i, () => 'https://example.com/'],
  [
    /reason|why|explanation|critique|feedback|comment/i,
    ({ text, random }) => `It shows ${twoOf(text)[0]} clearly, and ${look(random)}.`,
  ],
  [/prompt/i, ({ text, random }) => `${twoOf(text).join(' and ')}, ${look(random)}, highly detailed`],
];

/** The option that the text names, else one by chance. */
export function optionIn(options: readonly unknown[], text: string, random: Random): unknown {
  const named = options.find(
    (option) => typeof option === 'string' && text.toLowerCase().includes(option.toLowerCase()),
  );
  const mood = moodOf(text);
  const felt = options.includes('positive') && options.includes('negative');
  const feeling = mood > 0.2 ? 'positive' : mood < -0.2 ? 'negative' : 'neutral';
  if (felt && options.includes(feeling)) return feeling;
  return named ?? options[random.integer(0, options.length - 1)];
}

function resolved(schema: Schema, root: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  return reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .reduce<Schema>((place, part) => asSchema(place[part]), root);
}

function typeOf(schema: Schema): unknown {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null');
  return type ?? ('properties' in schema ? 'object' : 'string');
}

function boundOf(schema: Schema, key: string, usual: number): number {
  const value = schema[key];
  return typeof value === 'number' ? value : usual;
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}
