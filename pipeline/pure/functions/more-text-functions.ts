import type { PureFunction } from '../../node-definition';
import { Arguments, checkLength, PureFunctionError } from './arguments';

const onText =
  (change: (text: string, given: Arguments) => string): PureFunction =>
  (config, inputs) => {
    const given = new Arguments(config, inputs);
    const text = change(given.text('text'), given);
    checkLength(text.length);
    return { text };
  };

/** More work on texts. No patterns of a user: regular expressions can run for ever. */
export const moreTextFunctions: Readonly<Record<string, PureFunction>> = {
  text_slug: onText((text, given) => toSlug(text).slice(0, given.numberOr('length', 80)).replace(/-+$/, '')),
  text_strip_markdown: onText(stripMarkdown),
  text_title_case: onText((text) =>
    text
      .split(' ')
      .map((word) => {
        const [first = '', ...rest] = [...word];
        return first.toUpperCase() + rest.join('').toLowerCase();
      })
      .join(' '),
  ),
  text_reverse: onText((text) => [...text].reverse().join('')),
  text_repeat: onText((text, given) => {
    const times = given.number('times');
    checkLength((text.length + given.textOr('separator', '').length) * times);
    return Array.from({ length: Math.max(0, Math.floor(times)) }, () => text).join(
      given.textOr('separator', ''),
    );
  }),
  text_pad: onText((text, given) => {
    const length = Math.min(given.number('length'), 10_000);
    const filler = given.textOr('filler', ' ');
    return given.textOr('side', 'start') === 'end'
      ? text.padEnd(length, filler)
      : text.padStart(length, filler);
  }),
  text_lines: onText((text, given) => {
    const start = given.numberOr('start', 1);
    const lines = text.split('\n');
    return lines
      .slice(Math.max(0, start - 1), Math.max(0, start - 1) + given.numberOr('count', lines.length))
      .join('\n');
  }),
  text_count_words: (config, inputs) => {
    const words = new Arguments(config, inputs)
      .text('text')
      .split(/\s+/)
      .filter((word) => word !== '');
    return { number: words.length };
  },
  text_count: (config, inputs) => {
    const given = new Arguments(config, inputs);
    const find = given.text('find');
    if (find === '') throw new PureFunctionError('"find" is empty. Say what to count.');
    return { number: given.text('text').split(find).length - 1 };
  },
  text_chunk: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { items: chunksOf(given.text('text'), given.number('length')) };
  },
  text_from_number: (config, inputs) => {
    const given = new Arguments(config, inputs);
    return { text: formatNumber(given.number('number'), given) };
  },
  number_from_text: (config, inputs) => {
    const text = new Arguments(config, inputs).text('text').trim().replaceAll(',', '');
    const number = text === '' ? Number.NaN : Number(text);
    if (Number.isFinite(number)) return { number };
    throw new PureFunctionError(`"${text.slice(0, 40)}" is no number. Give digits, such as 1,234.5.`);
  },
  date_parts: (config, inputs) => {
    const text = new Arguments(config, inputs).text('text').trim();
    const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(time))
      throw new PureFunctionError(
        `"${text.slice(0, 40)}" is no date. Give one such as 2026-11-26T15:04:05Z.`,
      );
    return dateParts(new Date(time));
  },
};

/** In UTC: a clock or a zone of the machine would give another answer on a replay. */
function dateParts(date: Date) {
  const iso = date.toISOString();
  const parts = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    // Monday is 1, as in ISO 8601.
    weekday: ((date.getUTCDay() + 6) % 7) + 1,
    date: iso.slice(0, 10),
    time: iso.slice(11, 19),
    unixSeconds: Math.floor(date.getTime() / 1_000),
  };
  return { json: parts, text: iso };
}

function toSlug(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '');
}

/** The words alone: marks of headings, lists, emphasis, links and code go. */
function stripMarkdown(text: string): string {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('```'));
  return lines
    .map((line) => withoutLinks(line.replace(/^\s*(#{1,6}|>|[-*+]|\d{1,9}[.)]) +/, '')))
    .join('\n')
    .replace(/[*_`~]{1,3}/g, '')
    .trim();
}

/** `[words](address)` and `![words](address)` become the words. */
function withoutLinks(line: string): string {
  let rest = line;
  let out = '';
  for (let open = rest.indexOf('['); open !== -1; open = rest.indexOf('[')) {
    const middle = rest.indexOf('](', open);
    const close = middle === -1 ? -1 : rest.indexOf(')', middle);
    if (close === -1) break;
    out += rest.slice(0, open).replace(/!$/, '') + rest.slice(open + 1, middle);
    rest = rest.slice(close + 1);
  }
  return out + rest;
}

/** At ends of words where there are any. */
function chunksOf(text: string, length: number): string[] {
  const size = Math.max(1, Math.floor(length));
  const chunks: string[] = [];
  for (let rest = text.trim(); rest !== '';) {
    const space = rest.length <= size ? rest.length : rest.lastIndexOf(' ', size);
    const cut = space > 0 ? space : size;
    chunks.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
    if (chunks.length > 1_000)
      throw new PureFunctionError('The text has more than 1000 pieces. Make "length" larger.');
  }
  return chunks;
}

/** Without the machine's locale, which may differ between workers. */
function formatNumber(number: number, given: Arguments): string {
  const decimals = Math.min(10, Math.max(0, Math.floor(given.numberOr('decimals', 0))));
  if (Math.abs(number) >= 1e21) throw new PureFunctionError('The number is too large to be written out.');
  const [whole = '', fraction] = Math.abs(number).toFixed(decimals).split('.');
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= 3) groups.unshift(whole.slice(Math.max(0, end - 3), end));
  const grouped = groups.join(given.textOr('thousands', ','));
  const sign = number < 0 ? '-' : '';
  const written = `${sign}${grouped}${fraction === undefined ? '' : given.textOr('point', '.') + fraction}`;
  return given.textOr('prefix', '') + written + given.textOr('suffix', '');
}
