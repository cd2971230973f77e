import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { MediaInput, type CandidateDefinition, type NodeRequest } from '../../../pipeline/node-definition';
import { nodeConfig } from '../../../pipeline/nodes/node-config';
import { asText, listed, oneOf, orElse, text, within } from '../../../pipeline/nodes/table/fields';
import {
  perMegapixel,
  perMillionTokens,
  perPicture,
  perSecond,
  perThousandCharacters,
  secondsOf,
} from '../../../pipeline/nodes/table/prices';
import { providerNode, type CandidateTable } from '../../../pipeline/nodes/table/provider-node';
import { picture } from './sample-request';

const from = { source: 'a price list of the vendor', readOn: '2026-11-21' };
const at = { provider: 'acme', label: 'Acme', operation: 'queue', execution: 'queue' } as const;

/** The one candidate of a node with the given table. */
function candidateWith(table: Partial<CandidateTable>): CandidateDefinition {
  const { implementation } = providerNode({
    type: 'test:node',
    label: 'Test',
    description: 'A node.',
    config: nodeConfig({
      prompt: z.string().optional(),
      format: z.string().default('png'),
      size: z.string().optional(),
      strength: z.number().optional(),
    }),
    inputs: {
      prompt: { type: 'text', required: true, orConfig: true, description: 'A prompt.' },
      image: { type: 'image', description: 'A picture.' },
      more: { type: 'image', many: true, description: 'More pictures.' },
    },
    outputs: { image: { type: 'image', description: 'The picture.' } },
    candidates: [
      {
        at,
        model: 'acme/painter',
        fields: { prompt: 'prompt' },
        reads: () => ({}),
        price: perPicture(1, from),
        ...table,
      },
    ],
    expectedSeconds: 1,
  });
  const [candidate] = implementation.kind === 'provider' ? implementation.candidates : [];
  if (!candidate) throw new Error('The node has no candidate.');
  return candidate;
}

const request = (config: NodeRequest['config'], inputs: NodeRequest['inputs'] = {}): NodeRequest => ({
  config: { prompt: 'a boat', ...config },
  inputs,
});

describe('a candidate as a table', () => {
  it('refuses what a user sets and no field carries over, but not the default of a field', () => {
    const candidate = candidateWith({});
    expect(candidate.toInput(request({ format: 'png' }))).toEqual({ prompt: 'a boat' });
    expect(() => candidate.toInput(request({ format: 'webp' }))).toThrow('painter at Acme has no "format"');
    expect(() => candidate.toInput(request({}, { image: picture(1, 1) }))).toThrow('has no "image"');
    const ignoring = candidateWith({ ignores: ['format'] });
    expect(ignoring.toInput(request({ format: 'webp' }))).toEqual({ prompt: 'a boat' });
  });

  it('refuses a missing required port, an empty text and one that is longer than the model takes', () => {
    const candidate = candidateWith({ fields: { prompt: text('prompt', 5) } });
    expect(() => candidate.toInput({ config: {}, inputs: {} })).toThrow('"prompt" is empty');
    expect(() => candidate.toInput(request({ prompt: '  ' }))).toThrow('"prompt" is empty');
    expect(() => candidate.toInput(request({}))).toThrow('6 characters; the model takes 5');
  });

  it('gives media in the form of the provider, one by one or as a list', () => {
    const [one, two] = [picture(1, 1), picture(2, 2)];
    const fields = { prompt: 'prompt', image_urls: listed('image'), others: 'more' };
    const wire = candidateWith({ fields, at: { ...at, media: 'base64' } }).toInput(
      request({}, { image: one, more: [one, two] }),
    );
    expect(wire['image_urls']).toEqual([new MediaInput(one, 'base64')]);
    expect(wire['others']).toEqual([new MediaInput(one, 'base64'), new MediaInput(two, 'base64')]);
  });

  it('maps values, bounds numbers, fills gaps, and places fields and constants by path', () => {
    const candidate = candidateWith({
      fields: {
        'input.prompt': 'prompt',
        'input.options.format': oneOf('format', { png: 'PNG', jpeg: 'JPG' }),
        'input.options.strength': within('strength', 0, 1),
        size: orElse('size', '1K'),
        echo: asText('strength'),
      },
      constants: { 'input.options.count': 1, stream: false },
    });
    expect(candidate.toInput(request({ format: 'jpeg', strength: 0.5 }))).toEqual({
      input: { prompt: 'a boat', options: { format: 'JPG', strength: 0.5, count: 1 } },
      size: '1K',
      echo: '0.5',
      stream: false,
    });
    expect(() => candidate.toInput(request({ format: 'gif' }))).toThrow(
      'takes no format "gif"; it takes png, jpeg',
    );
    expect(() => candidate.toInput(request({ strength: 2 }))).toThrow('takes strength from 0 to 1, not 2');
  });
});

describe('a price as data', () => {
  const usd = (price: ReturnType<typeof perPicture>, config: NodeRequest['config'] = {}): number =>
    price.usd({ config, inputs: {} });

  it('is per picture, by the value of a field, and the dearest while that is not known', () => {
    const price = perPicture(
      { by: 'size', usd: { '1K': 0.1, '4K': 0.4 } },
      { ...from, note: 'told by a third party' },
    );
    expect([usd(price, { size: '1K' }), usd(price, { size: '4K' }), usd(price)]).toEqual([0.1, 0.4, 0.4]);
    expect(price.text).toBe('$0.10 (1K), $0.40 (4K) per picture: told by a third party');
  });

  it('counts begun megapixels whole, or parts as parts', () => {
    const pixels = (): number => 1_048_577;
    expect(usd(perMegapixel({ pixels, usd: 0.03, furtherUsd: 0.015 }, from))).toBeCloseTo(0.045);
    expect(usd(perMegapixel({ pixels: () => 1, usd: 0.03 }, from))).toBe(0.03);
    expect(
      usd(perMegapixel({ pixels: () => 2.5e6, usd: 0.1, pixelsOfOne: 1e6, byPart: true }, from)),
    ).toBeCloseTo(0.25);
  });

  it('is per second, the longest while the duration is not known, and per thousand characters', () => {
    const clip = perSecond(0.07, secondsOf('seconds', 10), from);
    expect([usd(clip, { seconds: 5 }), usd(clip)]).toEqual([expect.closeTo(0.35), expect.closeTo(0.7)]);
    const speech = perThousandCharacters(0.1, 'text', from);
    expect(usd(speech, { text: 'x'.repeat(500) })).toBeCloseTo(0.05);
    expect(speech.text).toBe('$0.10 per 1,000 characters');
  });

  it('is per token: at most so many before, the counted ones of the answer afterwards', () => {
    const price = perMillionTokens(
      { input: 1, output: 10 },
      { texts: ['prompt'], output: () => 1_000, usage: { input: ['usage', 'in'], output: ['usage', 'out'] } },
      from,
    );
    const asked = { config: { prompt: 'x'.repeat(200) }, inputs: {} };
    expect(price.usd(asked)).toBeCloseTo((164 + 10_000) / 1e6);
    const reply = { body: { usage: { in: 100, out: 50 } } };
    expect(price.billedUsd?.(asked, reply)).toBeCloseTo(600 / 1e6);
    expect(price.billedUsd?.(asked, { body: null })).toBe(price.usd(asked));
  });
});
