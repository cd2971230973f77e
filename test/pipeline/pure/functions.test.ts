import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pureFunctions } from '../../../pipeline/pure/functions';
import { PureFunctionError, RESULT_LENGTH_MAX } from '../../../pipeline/pure/functions/arguments';
import type { JsonObject, NodeInputs, NodeOutputs } from '../../../workflows/contract';

function run(name: string, config: JsonObject, inputs: NodeInputs = {}): NodeOutputs {
  const pureFunction = pureFunctions[name];
  if (!pureFunction) throw new Error(`There is no function ${name}.`);
  return pureFunction(config, inputs);
}

type Case = readonly [name: string, config: JsonObject, inputs: NodeInputs, expected: NodeOutputs];

const textCases: readonly Case[] = [
  ['prompt_concat', { prefix: 'A ', suffix: '!' }, { texts: ['red', ' ', 'boat'] }, { text: 'A red, boat!' }],
  ['prompt_concat', { separator: '-', skipEmpty: false }, { texts: ['a', '', 1] }, { text: 'a--1' }],
  ['text_join', { separator: '\n' }, { texts: ['a', 'b'] }, { text: 'a\nb' }],
  [
    'text_template',
    { template: '{{a}} {{ b.0.c }}' },
    { values: { a: 1, b: [{ c: 'x' }] } },
    { text: '1 x' },
  ],
  ['text_template', { template: '{{a}}' }, { values: { a: '{{a}}' } }, { text: '{{a}}' }],
  ['text_template', { template: 'no end {{' }, {}, { text: 'no end {{' }],
  ['text_replace', { text: 'a.a.a', find: '.', replaceWith: '$1' }, {}, { text: 'a$1a$1a' }],
  ['text_replace', { text: 'aXbXc', find: 'X', replaceWith: '', all: false }, {}, { text: 'abXc' }],
  ['text_replace', { text: 'abc', find: 'x', all: false }, {}, { text: 'abc' }],
  ['text_trim', {}, { text: '  a \n b ' }, { text: 'a \n b' }],
  ['text_trim', { collapse: true }, { text: '  a \n b ' }, { text: 'a b' }],
  ['text_upper', {}, { text: 'straße' }, { text: 'STRASSE' }],
  ['text_lower', {}, { text: 'ABC' }, { text: 'abc' }],
  ['text_truncate', { length: 3 }, { text: '😀😀😀😀' }, { text: '😀😀…' }],
  ['text_truncate', { length: 4 }, { text: '😀😀😀😀' }, { text: '😀😀😀😀' }],
  ['text_truncate', { length: 2, ending: '' }, { text: 'abc' }, { text: 'ab' }],
  ['text_extract_between', { start: '<a>', end: '</a>' }, { text: 'x<a> y </a>' }, { text: 'y' }],
  ['text_extract_between', { start: ':' }, { text: 'a: b: c' }, { text: 'b: c' }],
  ['text_extract_between', { start: '[', required: false }, { text: 'abc' }, { text: '' }],
  ['text_split', {}, { text: ' a \n\n b ' }, { items: ['a', 'b'] }],
  ['text_split', { separator: ',', skipEmpty: false, limit: 2 }, { text: 'a,,b' }, { items: ['a', ''] }],
  ['text_length', {}, { text: 'a😀' }, { number: 2 }],
  ['text_contains', { find: 'BOAT' }, { text: 'a boat' }, { boolean: true }],
  ['text_contains', { find: 'BOAT', ignoreCase: false }, { text: 'a boat' }, { boolean: false }],
];

const jsonCases: readonly Case[] = [
  ['json_parse', {}, { text: 'Here:\n```json\n{"a": 1}\n```\nDone.' }, { json: { a: 1 } }],
  ['json_parse', { findInText: false }, { text: ' [1] ' }, { json: [1] }],
  ['json_stringify', { indent: 1 }, { json: { a: 1 } }, { text: '{\n "a": 1\n}' }],
  ['json_get', { path: 'a[0].b' }, { json: { a: [{ b: { c: 1 } }] } }, { value: { c: 1 }, text: '{"c":1}' }],
  ['json_get', { path: 'nope', fallback: 'none' }, { json: {} }, { value: 'none', text: 'none' }],
  ['json_get', { path: '' }, { json: 'all' }, { value: 'all', text: 'all' }],
  ['json_pick', { keys: ['b', 'ghost', 'toString'] }, { json: { a: 1, b: 2 } }, { json: { b: 2 } }],
  ['json_merge', {}, { objects: [{ a: 1, b: { c: 1 } }, { b: 2 }] }, { json: { a: 1, b: 2 } }],
  ['json_build', { json: { a: ['x'] } }, {}, { json: { a: ['x'] } }],
];

const said = [
  { text: 'Who', start: 0, end: 0.2, speaker: 'a' },
  { text: 'is there?', start: 0.25, end: 1, speaker: 'a' },
  { text: 'Me.', start: 1.1, end: 61.0014, speaker: 'b' },
];
const subtitleCases: readonly Case[] = [
  [
    'subtitles',
    {},
    { words: said },
    {
      text: '1\n00:00:00,000 --> 00:00:01,000\nWho is there?\n\n2\n00:00:01,100 --> 00:01:01,001\nMe.\n',
    },
  ],
  [
    'subtitles',
    { format: 'vtt', charactersMax: 10 },
    { words: said.slice(0, 2) },
    { text: 'WEBVTT\n\n00:00:00.000 --> 00:00:00.200\nWho\n\n00:00:00.250 --> 00:00:01.000\nis there?\n' },
  ],
  ['subtitles', {}, { words: [] }, { text: '' }],
];

const mathCases: readonly Case[] = [
  ['math_add', { b: 2 }, { a: 1 }, { number: 3 }],
  ['math_subtract', { a: 1, b: 2 }, {}, { number: -1 }],
  ['math_multiply', { a: -0, b: 5 }, {}, { number: 0 }],
  ['math_divide', { a: 1, b: 4 }, {}, { number: 0.25 }],
  ['math_min', {}, { numbers: [3, 1, 2] }, { number: 1 }],
  ['math_max', {}, { numbers: [3, 1, 2] }, { number: 3 }],
  ['math_round', { decimals: 1 }, { number: 2.25 }, { number: 2.3 }],
  ['math_round', { mode: 'up' }, { number: 2.1 }, { number: 3 }],
  ['math_round', { mode: 'down' }, { number: 2.9 }, { number: 2 }],
  ['math_clamp', { min: 0, max: 10 }, { number: 12 }, { number: 10 }],
];

const listCases: readonly Case[] = [
  ['list_collect', {}, { values: [1, { a: 2 }], texts: ['x'] }, { items: [1, { a: 2 }, 'x'] }],
  ['list_first', {}, { items: ['a', 'b'] }, { value: 'a', text: 'a' }],
  ['list_last', { items: [1, 2] }, {}, { value: 2, text: '2' }],
  ['list_item', { index: -2 }, { items: ['a', 'b', 'c'] }, { value: 'b', text: 'b' }],
  ['list_slice', { start: 1, end: 3 }, { items: [1, 2, 3, 4] }, { items: [2, 3] }],
  ['list_length', {}, { items: [1, 2] }, { number: 2 }],
  ['list_join', { separator: ' · ' }, { items: ['a', 1, null] }, { text: 'a · 1 · null' }],
];

const people = [
  { name: 'Bo', age: 3 },
  { name: 'Al', age: 12 },
  { name: 'Cy', age: 3 },
];
const tile = { type: 'image', assetId: 'a', mimeType: 'i', bytes: 1, sha256: 's' } as const;
const moreCases: readonly Case[] = [
  ['pick_image', { index: -1 }, { items: [{}, tile] }, { image: tile }],
  ['text_slug', {}, { text: '  Crème brûlée & Co! ' }, { text: 'creme-brulee-co' }],
  ['text_slug', { length: 6 }, { text: 'hello - world' }, { text: 'hello' }],
  [
    'text_strip_markdown',
    {},
    { text: '# A *b*\n- [link](http://x) ![pic](y)\n> `c`' },
    { text: 'A b\nlink pic\nc' },
  ],
  ['text_title_case', {}, { text: 'the OLD man' }, { text: 'The Old Man' }],
  ['text_reverse', {}, { text: 'ab😀' }, { text: '😀ba' }],
  ['text_repeat', { times: 3, separator: '-' }, { text: 'ab' }, { text: 'ab-ab-ab' }],
  ['text_pad', { length: 3, filler: '0' }, { text: 7 }, { text: '007' }],
  ['text_pad', { length: 3, filler: '.', side: 'end' }, { text: 'a' }, { text: 'a..' }],
  ['text_lines', { start: 2, count: 1 }, { text: 'a\nb\nc' }, { text: 'b' }],
  ['text_count_words', {}, { text: ' one  two\nthree ' }, { number: 3 }],
  ['text_count', { find: 'a' }, { text: 'banana' }, { number: 3 }],
  [
    'text_chunk',
    { length: 9 },
    { text: 'one two three abcdefghijkl' },
    { items: ['one two', 'three', 'abcdefghi', 'jkl'] },
  ],
  ['text_from_number', { decimals: 2, prefix: '$' }, { number: -1234567.5 }, { text: '$-1,234,567.50' }],
  ['number_from_text', {}, { text: ' 1,234.5 ' }, { number: 1234.5 }],
  [
    'date_parts',
    {},
    { text: '2026-11-26T01:02:03+01:00' },
    {
      json: {
        ...{ year: 2026, month: 11, day: 26, hour: 0, minute: 2, second: 3, weekday: 4 },
        ...{ date: '2026-11-26', time: '00:02:03', unixSeconds: 1_795_651_323 },
      },
      text: '2026-11-26T00:02:03.000Z',
    },
  ],
  ['list_sort', {}, { items: [10, 9, 1] }, { items: [1, 9, 10] }],
  [
    'list_sort',
    { path: 'age', descending: true },
    { items: people },
    { items: [people[1] ?? {}, people[0] ?? {}, people[2] ?? {}] },
  ],
  ['list_reverse', {}, { items: [1, 2] }, { items: [2, 1] }],
  ['list_unique', { path: 'age' }, { items: people }, { items: people.slice(0, 2) }],
  [
    'list_filter',
    { path: 'age', operator: 'greater', value: 5 },
    { items: people },
    { items: [people[1] ?? {}] },
  ],
  ['list_filter', { operator: 'is_empty' }, { items: [null, '', [], 0] }, { items: [null, '', []] }],
  ['list_pluck', { path: 'name' }, { items: people }, { items: ['Bo', 'Al', 'Cy'] }],
  ['list_chunk', { size: 2 }, { items: [1, 2, 3] }, { items: [[1, 2], [3]] }],
  ['list_flatten', {}, { items: [[1, [2]], 3] }, { items: [1, [2], 3] }],
  [
    'list_zip',
    {},
    { a: [1, 2], b: ['x', 'y', 'z'] },
    {
      items: [
        { a: 1, b: 'x' },
        { a: 2, b: 'y' },
      ],
    },
  ],
  ['list_range', { start: 3, end: 0, step: -1 }, {}, { items: [3, 2, 1] }],
  ['list_contains', {}, { items: [{ a: 1 }], value: { a: 1 } }, { boolean: true }],
  ['list_pick_random', { seed: 1 }, { items: ['a', 'b', 'c', 'd'] }, { value: 'c', text: 'c' }],
  ['list_shuffle', { seed: 7 }, { items: [1, 2, 3, 4, 5] }, { items: [3, 5, 2, 4, 1] }],
  ['json_set', { path: 'a.b' }, { json: { a: { c: 1 } }, value: 2 }, { json: { a: { c: 1, b: 2 } } }],
  ['json_keys', {}, { json: { b: 1, a: 2 } }, { items: ['b', 'a'] }],
  ['json_omit', { keys: ['a'] }, { json: { a: 1, b: 2 } }, { json: { b: 2 } }],
  ['math_power', {}, { a: 2, b: 10 }, { number: 1024 }],
  ['math_modulo', {}, { a: -1, b: 3 }, { number: 2 }],
  ['math_absolute', {}, { number: -3 }, { number: 3 }],
  ['math_sum', {}, { items: [1, 2, 3.5] }, { number: 6.5 }],
  ['math_average', {}, { items: [1, 3] }, { number: 2 }],
  ['math_scale', {}, { number: 0.25 }, { number: 25 }],
  ['math_compare', { operator: 'less_or_equal' }, { a: 1, b: 1 }, { boolean: true }],
  ['math_random', { seed: 5, min: 1, max: 6, whole: true }, {}, { number: 5 }],
];

const byLanguage = {
  routes: [
    { name: 'german', when: { is: 'equal', value: 'de' } },
    { name: 'known', when: { is: 'one_of', value: ['de', 'fr'] } },
  ],
};

const controlCases: readonly Case[] = [
  ['control_router', byLanguage, { value: 'Hallo', on: ' DE' }, { german: 'Hallo', route: 'german' }],
  [
    'control_router',
    { ...byLanguage, mode: 'all' },
    { value: 'Hallo', on: 'de' },
    { german: 'Hallo', known: 'Hallo', route: 'german,known' },
  ],
  ['control_router', byLanguage, { on: 'it' }, { otherwise: 'it', route: 'otherwise' }],
  ['input_pass', {}, { text: 'a' }, { text: 'a' }],
  ['control_join', {}, { values: ['a', 'b'] }, { value: 'a' }],
  [
    'control_pick_best',
    { by: 'score' },
    { candidates: ['a', 'b', 'c'], scores: [0.4, 0.7, 0.7] },
    { best: 'b', score: 0.7, number: 2 },
  ],
  [
    'control_pick_best',
    { by: 'score', prefer: 'lowest' },
    { candidates: ['a', null, 'c'], scores: [3, 1, 2] },
    { best: 'c', score: 2, number: 3 },
  ],
  ['control_pick_best', { by: 'score', minimumScore: 5 }, { candidates: ['a'], scores: [4] }, { none: true }],
  ['control_pick_best', { by: 'length' }, { candidates: ['a', 'abc'] }, { best: 'abc', score: 3, number: 2 }],
  [
    'control_pick_best',
    { by: 'order' },
    { candidates: [null, 'b', 'c'] },
    { best: 'b', score: -1, number: 2 },
  ],
];

describe('pure functions', () => {
  const cases = [
    ...textCases,
    ...jsonCases,
    ...subtitleCases,
    ...mathCases,
    ...listCases,
    ...moreCases,
    ...controlCases,
  ];

  it.each(cases)('%s with %j and %j gives %j', (name, config, inputs, expected) => {
    expect(run(name, config, inputs)).toEqual(expected);
  });

  it('are all shown above', () => {
    expect(Object.keys(pureFunctions).filter((name) => !cases.some(([shown]) => shown === name))).toEqual([]);
  });

  it.each<readonly [string, JsonObject, NodeInputs, string]>([
    ['text_upper', {}, {}, '"text" is missing'],
    ['text_upper', {}, { text: { a: 1 } }, '"text" is no text'],
    ['text_template', { template: '{{constructor.name}}' }, { values: { a: 1 } }, 'is not in "values"'],
    ['text_extract_between', { start: '<' }, { text: 'abc' }, 'nothing between'],
    ['json_parse', {}, { text: 'Sorry, no.' }, 'is no JSON: it begins with "Sorry, no."'],
    ['json_parse', {}, { text: '{"a":{"__proto__":{"polluted":1}}}' }, '"__proto__" is not allowed'],
    ['json_parse', {}, { text: '['.repeat(100) + ']'.repeat(100) }, 'nested deeper'],
    ['json_get', { path: 'a.length' }, { json: { a: [] } }, 'has no "a.length"'],
    ['json_merge', {}, { objects: [{}, 1] }, 'Input 2 of "objects"'],
    [
      'json_merge',
      {},
      { objects: [JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject] },
      'not allowed',
    ],
    ['math_divide', { a: 1, b: 0 }, {}, '"b" is 0'],
    ['math_multiply', { a: 1e308, b: 10 }, {}, 'too large'],
    ['math_add', { a: 1 }, { b: '2' }, '"b" is no number'],
    ['math_min', {}, { numbers: [] }, 'is empty'],
    ['math_clamp', { min: 2, max: 1, number: 0 }, {}, 'is above'],
    ['list_first', {}, { items: [] }, 'there is no item 0'],
    ['pick_image', {}, { items: [{ type: 'image' }] }, 'has no picture at 0'],
    ['list_first', {}, { items: 'a' }, 'is no list'],
    [
      'text_upper',
      {},
      { text: { type: 'image', assetId: 'a', mimeType: 'i', bytes: 1, sha256: 's' } },
      'stored media',
    ],
  ])('%s with %j and %j says what is wrong', (name, config, inputs, message) => {
    expect(() => run(name, config, inputs)).toThrow(PureFunctionError);
    expect(() => run(name, config, inputs)).toThrow(message);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuse a result over a megabyte before they make it', () => {
    const text = 'a'.repeat(1_000);
    const replaceWith = 'b'.repeat(200_000);
    expect(() => run('text_replace', { find: 'a', replaceWith }, { text })).toThrow(
      `${RESULT_LENGTH_MAX} are allowed`,
    );
    expect(() =>
      run(
        'prompt_concat',
        {},
        { texts: [replaceWith, replaceWith, replaceWith, replaceWith, replaceWith, replaceWith] },
      ),
    ).toThrow('are allowed');
  });

  it('throw nothing but PureFunctionError and give JSON, whatever they are given', () => {
    const names = [
      'text',
      'texts',
      'json',
      'items',
      'numbers',
      'a',
      'b',
      'path',
      'index',
      'length',
      'find',
      'keys',
      'objects',
      'values',
      'template',
      'separator',
    ];
    const given = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(pureFunctions)), given, given, (name, config, inputs) => {
        try {
          const outputs = run(name, config as JsonObject, inputs as NodeInputs);
          expect(JSON.parse(JSON.stringify(outputs))).toEqual(outputs);
        } catch (error) {
          if (!(error instanceof PureFunctionError)) throw error;
        }
      }),
      { numRuns: 800 },
    );
  });
});
