import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  fillTemplates,
  isTemplate,
  parseTemplate,
  substituteParts,
  TEMPLATE_BYTES_MAX,
  TemplateError,
} from '../../../pipeline/pure/templates';
import type {
  AssetReference,
  JsonObject,
  NodeOutputs,
  PlanTemplate,
  TemplatePart,
} from '../../../workflows/contract';

const reference = (nodeId: string, port: string, ...path: string[]): TemplatePart => ({
  kind: 'reference',
  nodeId,
  port,
  path,
});
const text = (value: string): TemplatePart => ({ kind: 'text', text: value });

const stored = (type: AssetReference['type'], bytes = 9_000): AssetReference => ({
  type,
  assetId: 'ast_1',
  mimeType: 'text/plain',
  bytes,
  sha256: 'a'.repeat(64),
});

const reasonOf = (action: () => unknown): string => {
  try {
    action();
    return 'none';
  } catch (error) {
    if (error instanceof TemplateError) return error.reason;
    throw error;
  }
};

describe('parseTemplate', () => {
  it.each([
    ['plain', [text('plain')]],
    ['', [text('')]],
    ['${a}', [{ kind: 'name', path: ['a'] }]],
    ['${ a.b[0].c-d }!', [{ kind: 'name', path: ['a', 'b', '0', 'c-d'] }, text('!')]],
    ['x ${nodes.n1.text} y', [text('x '), reference('n1', 'text'), text(' y')]],
    ['${nodes.n1.json.items.0}', [reference('n1', 'json', 'items', '0')]],
    ['$${a} costs $5', [text('${a} costs $5')]],
    ['$$${a}', [text('$${a}')]],
    ['${a}$${b}', [{ kind: 'name', path: ['a'] }, text('${b}')]],
    ['{a} $a {{b}}', [text('{a} $a {{b}}')]],
  ])('reads %s', (source, parts) => {
    expect(parseTemplate(source)).toEqual(parts);
  });

  it.each([
    ...[
      '${',
      '${}',
      '${a',
      '${a b}',
      '${a..b}',
      '${.a}',
      '${a+1}',
      '${a()}',
      '${a[-1]}',
      '${a["b"]}',
      '${nodes}',
    ],
    ...[
      '${nodes.n1}',
      '${__proto__}',
      '${a.constructor}',
      '${nodes.n1.prototype}',
      '${${a}}',
      '${a\nb}',
      '${é}',
    ],
    `\${${'a'.repeat(300)}}`,
  ])('refuses %s', (source) => {
    expect(reasonOf(() => parseTemplate(source))).toBe('syntax');
  });

  it('throws nothing but TemplateError, and gives back every text without templates', () => {
    const pieces = fc.array(
      fc.constantFrom('${', '}', '$', '$${', 'a', '.', 'nodes', '[0]', ' ', '__proto__', '\n'),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((each) => each.join('')),
        ),
        (source) => {
          const reason = reasonOf(() => parseTemplate(source));
          expect(['none', 'syntax']).toContain(reason);
          if (!isTemplate(source)) expect(parseTemplate(source)).toEqual([text(source)]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads a long text in linear time', () => {
    expect(reasonOf(() => parseTemplate('${'.repeat(100_000)))).toBe('syntax');
    expect(parseTemplate('$${'.repeat(80_000))).toEqual([text('${'.repeat(80_000))]);
  });
});

describe('substituteParts', () => {
  it('writes texts as they are and everything else as JSON, and never reads them again', () => {
    const values: Record<string, JsonObject[string]> = { t: '${n}', n: 1, b: false, o: { a: [null] } };
    const parts = parseTemplate('${t}|${n}|${b}|${o}');
    expect(substituteParts(parts, ([name = '']) => values[name] ?? null)).toEqual([
      text('${n}|1|false|{"a":[null]}'),
    ]);
  });
});

describe('fillTemplates', () => {
  const outputs: Record<string, NodeOutputs> = {
    n1: { text: 'a ${b} boat', number: 3, json: { items: [{ title: 'T' }], length: 'own' } },
    long: { text: stored('text'), json: stored('json'), image: stored('image') },
  };
  const lookup = (nodeId: string): NodeOutputs | undefined =>
    Object.hasOwn(outputs, nodeId) ? outputs[nodeId] : undefined;
  const fill = (
    parts: readonly TemplatePart[],
    path: readonly string[] = ['p'],
    config: JsonObject = { p: '' },
  ) => fillTemplates(config, [{ path, parts }], lookup);

  it('joins texts once, and keeps the type of a lone value', () => {
    expect(fill([text('<'), reference('n1', 'text'), text('>')]).config).toEqual({ p: '<a ${b} boat>' });
    expect(fill([reference('n1', 'number')]).config).toEqual({ p: 3 });
    expect(fill([reference('n1', 'json', 'items', '0')]).config).toEqual({ p: { title: 'T' } });
    expect(fill([reference('n1', 'json', 'items', '0', 'title')]).config).toEqual({ p: 'T' });
  });

  it('fills deep places and leaves the given config as it was', () => {
    const config = { a: { list: ['x', { b: '' }] }, other: 1 };
    const filled = fill([reference('n1', 'number')], ['a', 'list', '1', 'b'], config);
    expect(filled.config).toEqual({ a: { list: ['x', { b: 3 }] }, other: 1 });
    expect(config.a.list[1]).toEqual({ b: '' });
  });

  it('leaves stored texts to the activity', () => {
    const { config, texts } = fill([
      text('<'),
      reference('n1', 'number'),
      text(' '),
      reference('long', 'text'),
      text('>'),
    ]);
    expect(config).toEqual({ p: '' });
    expect(texts).toEqual([{ path: ['p'], parts: ['<3 ', stored('text'), '>'] }]);
    expect(fill([reference('long', 'json')]).texts).toEqual([{ path: ['p'], parts: [stored('json')] }]);
  });

  it.each([
    ['a node without outputs', reference('ghost', 'text'), 'missing'],
    ['a port without value', reference('n1', 'image'), 'missing'],
    ['a path that is not there', reference('n1', 'json', 'items', '7'), 'missing'],
    ['an inherited property', reference('n1', 'json', 'items', 'length'), 'missing'],
    ['an inherited output', reference('n1', 'toString'), 'missing'],
    ['media', reference('long', 'image'), 'not_text'],
    ['a part of stored JSON', reference('long', 'json', 'a'), 'not_text'],
  ] as const)('refuses %s by name', (_, part, reason) => {
    expect(reasonOf(() => fill([part]))).toBe(reason);
  });

  it('reads own keys even if they are called like properties of lists', () => {
    expect(fill([reference('n1', 'json', 'length')]).config).toEqual({ p: 'own' });
  });

  it('bounds what all templates of a config yield together', () => {
    outputs['big'] = { text: stored('text', TEMPLATE_BYTES_MAX / 2 + 1) };
    const templates: PlanTemplate[] = ['a', 'b'].map((key) => ({
      path: [key],
      parts: [reference('big', 'text')],
    }));
    expect(reasonOf(() => fillTemplates({ a: '', b: '' }, templates, lookup))).toBe('too_large');
    expect(fillTemplates({ a: '' }, templates.slice(0, 1), lookup).texts).toHaveLength(1);
  });

  it('throws nothing but TemplateError for any plan and any outputs', () => {
    const names = fc.constantFrom(
      'n1',
      'text',
      'json',
      'items',
      '0',
      'length',
      'constructor',
      '__proto__',
      'ghost',
    );
    const part = fc.oneof(
      fc.string().map(text),
      fc
        .tuple(names, names, fc.array(names, { maxLength: 3 }))
        .map(([nodeId, port, path]) => reference(nodeId, port, ...path)),
    );
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.array(names, { minLength: 1, maxLength: 3 }),
        (parts, path) => {
          expect(['none', 'missing', 'not_text', 'too_large']).toContain(
            reasonOf(() => fill(parts, path, { n1: { 0: '' }, text: '' })),
          );
          expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });
});
