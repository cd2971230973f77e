import type { JsonValue } from '../../../workflows/contract';
import type { PureFunction } from '../../node-definition';
import { isJsonObject, textOf, valueAt } from '../values';
import { Arguments, checkLength, joinTexts, PureFunctionError } from './arguments';

const onText =
  (change: (text: string, given: Arguments) => string): PureFunction =>
  (config, inputs) => {
    const given = new Arguments(config, inputs);
    const text = change(given.text('text'), given);
    checkLength(text.length);
    return { text };
  };

export const textFunctions: Readonly<Record<string, PureFunction>> = {
  prompt_concat: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const texts = given.manyTexts('texts');
    const kept = given.flag('skipEmpty', true) ? texts.filter((text) => text.trim() !== '') : texts;
    const body = joinTexts(kept, given.textOr('separator', ', '));
    return { text: joinTexts([given.textOr('prefix', ''), body, given.textOr('suffix', '')], '') };
  },
  text_join: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { text: joinTexts(given.manyTexts('texts'), given.textOr('separator', '\n')) };
  },
  text_template: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { text: fillPlaceholders(given.text('template'), given.jsonOr('values', {})) };
  },
  text_replace: onText((text, given) => {
    const find = given.text('find');
    const replaceWith = given.textOr('replaceWith', '');
    if (find === '') throw new PureFunctionError('"find" is empty. Say what to replace.');
    const pieces = text.split(find);
    if (given.flag('all', true)) return joinTexts(pieces, replaceWith);
    const [first = '', ...rest] = pieces;
    return rest.length === 0 ? text : joinTexts([first, rest.join(find)], replaceWith);
  }),
  text_trim: onText((text, given) => {
    const trimmed = text.trim();
    return given.flag('collapse', false) ? trimmed.split(/\s+/).join(' ') : trimmed;
  }),
  text_upper: onText((text) => text.toUpperCase()),
  text_lower: onText((text) => text.toLowerCase()),
  text_truncate: onText((text, given) => truncate(text, given.number('length'), given.textOr('ending', '…'))),
  text_extract_between: onText((text, given) => {
    const [start, end] = [given.textOr('start', ''), given.textOr('end', '')];
    const found = extractBetween(text, start, end);
    if (found !== undefined) return given.flag('trim', true) ? found.trim() : found;
    if (!given.flag('required', true)) return '';
    throw new PureFunctionError(
      `The text holds nothing between ${JSON.stringify(start)} and ${JSON.stringify(end)}.`,
    );
  }),
  text_split: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const pieces = given.text('text').split(given.textOr('separator', '\n'));
    const trimmed = given.flag('trim', true) ? pieces.map((piece) => piece.trim()) : pieces;
    const kept = given.flag('skipEmpty', true) ? trimmed.filter((piece) => piece !== '') : trimmed;
    return { items: kept.slice(0, given.numberOr('limit', 1_000)) };
  },
  text_length: (config, inputs) => ({ number: codePoints(new Arguments(config, inputs).text('text')) }),
  text_contains: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const [text, find] = [given.text('text'), given.text('find')];
    const ignoreCase = given.flag('ignoreCase', true);
    return { boolean: ignoreCase ? text.toLowerCase().includes(find.toLowerCase()) : text.includes(find) };
  },
};

/** `{{name}}` and `{{name.deeper.0}}` of a JSON object, in one pass. */
function fillPlaceholders(template: string, values: JsonValue): string {
  const pieces: string[] = [];
  let from = 0;
  for (let start = template.indexOf('{{'); start !== -1; start = template.indexOf('{{', from)) {
    const end = template.indexOf('}}', start);
    if (end === -1) break;
    pieces.push(template.slice(from, start), readPlaceholder(template.slice(start + 2, end).trim(), values));
    from = end + 2;
  }
  return joinTexts([...pieces, template.slice(from)], '');
}

function readPlaceholder(name: string, values: JsonValue): string {
  const value = isJsonObject(values) ? valueAt(values, name.split('.')) : undefined;
  if (value !== undefined) return textOf(value);
  throw new PureFunctionError(`{{${name.slice(0, 60)}}} is not in "values". Connect an object that has it.`);
}

/** Counts and cuts whole characters, never half of a surrogate pair. */
function truncate(text: string, length: number, ending: string): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const kept = Math.max(0, length - codePoints(ending));
  return (characters.slice(0, kept).join('') + ending).slice(0, Math.max(0, length) * 2);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

/** An empty start means the beginning of the text, an empty end its end. */
function extractBetween(text: string, start: string, end: string): string | undefined {
  const startAt = text.indexOf(start);
  if (startAt === -1) return undefined;
  const from = startAt + start.length;
  const until = end === '' ? text.length : text.indexOf(end, from);
  return until === -1 ? undefined : text.slice(from, until);
}
