import { keywordsOf, look, sentenceCase, titleCase } from './answer-words';
import type { Random } from './random';

type Schema = Readonly<Record<string, unknown>>;

/** A value that fits a JSON Schema and, by the names of its properties, the text. `depth` guards against recursion. */
export function valueFor(
  schema: Schema,
  name: string,
  text: string,
  random: Random,
  root: Schema = schema,
  depth = 0,
): unknown {
  const here = resolved(schema, root);
  if (depth > 8) return null;
  if ('const' in here) return here['const'];
  if (Array.isArray(here['enum'])) return optionIn(here['enum'], text, random);
  const choice = [here['anyOf'], here['oneOf'], here['allOf']].find(Array.isArray);
  if (Array.isArray(choice)) return valueFor(asSchema(choice[0]), name, text, random, root, depth + 1);
  switch (typeOf(here)) {
    case 'object':
      return Object.fromEntries(
        Object.entries(asSchema(here['properties'])).map(([key, part]) => [
          key,
          valueFor(asSchema(part), key, text, random, root, depth + 1),
        ]),
      );
    case 'array':
      return listFor(here, name, text, random, root, depth);
    case 'number':
      return Math.round(numberFor(here, name, random) * 100) / 100;
    case 'integer':
      return Math.round(numberFor(here, name, random));
    case 'boolean':
      return !/flag|block|refus|unsafe|reject|nsfw|violat/i.test(name);
    case 'null':
      return null;
    default:
      return textFor(here, name, text, random);
  }
}

function listFor(
  here: Schema,
  name: string,
  text: string,
  random: Random,
  root: Schema,
  depth: number,
): unknown[] {
  const least = boundOf(here, 'minItems', 0);
  const most = boundOf(here, 'maxItems', 12);
  const count = Math.min(most, Math.max(least, random.integer(3, 4)));
  const item = resolved(asSchema(here['items']), root);
  const words = keywordsOf(text, count);
  return Array.from({ length: count }, (_, index) =>
    typeOf(item) === 'string' && !Array.isArray(item['enum']) && /tag|keyword|topic|colou?r|word/i.test(name)
      ? (words[index] ?? `${words[0]} ${index + 1}`)
      : valueFor(item, name, text, random, root, depth + 1),
  );
}

/** Judges here are content: the upper part of the range, so that a usual threshold is passed. */
function numberFor(here: Schema, name: string, random: Random): number {
  const low = boundOf(here, 'minimum', boundOf(here, 'exclusiveMinimum', 0));
  const usual = /score|rating|quality|grade/i.test(name)
    ? 10
    : /confidence|probability|share|weight/i.test(name)
      ? 1
      : 100;
  const high = boundOf(here, 'maximum', boundOf(here, 'exclusiveMaximum', Math.max(usual, low)));
  return low + (high - low) * random.between(0.72, 0.96);
}

function textFor(here: Schema, name: string, text: string, random: Random): string {
  const [first = 'light', second = 'sky'] = keywordsOf(text, 2);
  const value = /title|headline|name|label/i.test(name)
    ? titleCase(`${first} ${second}`)
    : /date/i.test(`${name} ${String(here['format'])}`)
      ? '2026-11-21'
      : /url|uri|link/i.test(name)
        ? 'https://example.com/'
        : /lang/i.test(name)
          ? 'en'
          : /reason|why|explanation|critique|feedback|comment/i.test(name)
            ? `It shows ${first} clearly, and ${look(random)}.`
            : /prompt/i.test(name)
              ? `${first} and ${second}, ${look(random)}, highly detailed`
              : `${sentenceCase(first)}: ${look(random)}.`;
  const most = boundOf(here, 'maxLength', Infinity);
  return value.slice(0, most).padEnd(Math.min(boundOf(here, 'minLength', 0), 10_000), '.');
}

/** The option that the text names, else one by chance. */
export function optionIn(options: readonly unknown[], text: string, random: Random): unknown {
  const named = options.find(
    (option) => typeof option === 'string' && text.toLowerCase().includes(option.toLowerCase()),
  );
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
