import type { ScriptedAnswer } from './scripted-server';

type Random = () => number;

/** 0 ≤ x < 1, the same row for the same seed (mulberry32). */
export function randomsOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const STATUSES = [
  100, 201, 202, 204, 301, 302, 400, 401, 402, 403, 404, 408, 409, 410, 418, 422, 429, 451, 500, 502, 503,
  504, 520, 599,
];
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1e308, 1.5, '', ' ', 'COMPLETE', 'done', 'Succeeded', 'null', '-5', 'NaN'],
  ...[
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://',
    '../..',
    '\u0000',
    '😀'.repeat(200),
    [],
    [[]],
    [null],
    {},
  ],
  ...[{ __proto__: null, a: 1 }, { url: {} }],
];
const HTML = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>';

interface Mutated {
  readonly answer: ScriptedAnswer;
  readonly mutation: string;
}

type Mutation = (answer: ScriptedAnswer, random: Random) => ScriptedAnswer;

const textOf = ({ body }: ScriptedAnswer): Buffer =>
  body instanceof Uint8Array
    ? Buffer.from(body)
    : Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));

const mutations: Readonly<Record<string, Mutation>> = {
  truncated: (answer, random) => {
    const whole = textOf(answer);
    return { ...answer, body: whole.subarray(0, Math.floor(random() * whole.length)) };
  },
  value: (answer, random) => ({ ...answer, body: changeAt(answer.body, random, () => pick(VALUES, random)) }),
  values: (answer, random) => {
    let body = answer.body;
    for (let left = 3; left > 0; left -= 1) body = changeAt(body, random, () => pick(VALUES, random));
    return { ...answer, body };
  },
  missing: (answer, random) => ({ ...answer, body: changeAt(answer.body, random, () => undefined) }),
  html: (answer) => ({ ...answer, headers: { 'content-type': 'text/html' }, body: HTML }),
  status: (answer, random) => ({ ...answer, status: pick(STATUSES.slice(1), random) }),
  status_and_value: (answer, random) => ({
    ...answer,
    status: pick(STATUSES.slice(1), random),
    body: changeAt(answer.body, random, () => pick(VALUES, random)),
  }),
  garbage: (answer, random) => ({
    ...answer,
    body: Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))),
  }),
  huge: (answer) => ({
    ...answer,
    body: changeAt(
      answer.body,
      () => 0,
      () => 'x'.repeat(2_000_000),
    ),
  }),
  deep: (answer) => ({ ...answer, body: `${'['.repeat(20_000)}${']'.repeat(20_000)}` }),
  empty: (answer) => ({ ...answer, body: '' }),
  wrong_type: (answer) => ({ ...answer, headers: { 'content-type': 'application/octet-stream' } }),
  hang_up: (answer) => ({ ...answer, instead: 'hang_up' }),
};
const names = Object.keys(mutations);

/** One fault in a good answer. One in a hundred never comes. */
export function mutate(answer: ScriptedAnswer, random: Random): Mutated {
  if (random() < 0.01) return { answer: { ...answer, instead: 'silence' }, mutation: 'slow' };
  const mutation = pick(names, random);
  return { answer: mutations[mutation]?.(answer, random) ?? answer, mutation };
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('There is nothing to pick from.');
  return value;
}

/** A copy in which one place, at any depth, is something else; undefined takes it away. */
function changeAt(body: unknown, random: Random, value: () => unknown): unknown {
  if (body instanceof Uint8Array || typeof body !== 'object' || body === null || random() < 0.1)
    return value();
  const copy: Record<string, unknown> | unknown[] = Array.isArray(body)
    ? [...(body as unknown[])]
    : { ...body };
  const keys = Object.keys(copy);
  if (keys.length === 0) return value();
  const key = pick(keys, random);
  Reflect.set(copy, key, changeAt(Reflect.get(copy, key), random, value));
  return copy;
}
