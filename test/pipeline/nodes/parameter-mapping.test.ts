import { describe, expect, it } from '@jest/globals';
import { MediaInput, UnsupportedRequestError } from '../../../pipeline/node-definition';
import { billedCredits, priceCredits, toCredits } from '../../../pipeline/price';
import {
  FLUX_ASPECT_RATIOS,
  FLUX_SIZES,
  GEMINI_ASPECT_RATIOS,
  OPENAI_IMAGE_SIZES,
} from '../../../pipeline/nodes/aspect-ratios';
import { candidateOf, definitionOf, picture, requestFor, wireOf } from './sample-request';

describe('generate:flux_2_pro', () => {
  const type = 'generate:flux_2_pro';

  it('names the shape in pixels at fal and by ratio at Replicate', () => {
    const config = {
      prompt: 'a boat',
      aspectRatio: '16:9',
      seed: 7,
      outputFormat: 'jpeg',
      safetyTolerance: 4,
    };
    expect(wireOf(type, 'fal', config, { prompt: 'a boat' })).toEqual({
      prompt: 'a boat',
      image_size: { width: 1344, height: 768 },
      seed: 7,
      output_format: 'jpeg',
      safety_tolerance: '4',
    });
    expect(wireOf(type, 'replicate', config, { prompt: 'a boat' })).toEqual({
      prompt: 'a boat',
      aspect_ratio: '16:9',
      resolution: '1 MP',
      seed: 7,
      output_format: 'jpg',
      safety_tolerance: 4,
    });
  });

  it('passes exact pixels to both', () => {
    const pixels = { width: 2048, height: 1024 };
    expect(wireOf(type, 'fal', pixels)).toMatchObject({ image_size: pixels });
    expect(wireOf(type, 'replicate', pixels)).toMatchObject({ aspect_ratio: 'custom', ...pixels });
    expect(wireOf(type, 'replicate', pixels)).not.toHaveProperty('resolution');
  });

  it('keeps every ratio within one megapixel, true to 3 % and in steps of 32', () => {
    for (const ratio of FLUX_ASPECT_RATIOS) {
      const { width, height } = FLUX_SIZES[ratio];
      const [across = 0, down = 1] = ratio.split(':').map(Number);
      expect(width * height).toBeLessThanOrEqual(1_048_576);
      expect(Math.abs(width / height / (across / down) - 1)).toBeLessThan(0.03);
      expect([width % 32, height % 32]).toEqual([0, 0]);
    }
  });
});

describe('generate:nano_banana_pro', () => {
  const type = 'generate:nano_banana_pro';

  it('asks for PNG unless told otherwise, and Replicate for jpg in its own spelling', () => {
    expect(wireOf(type, 'fal', { aspectRatio: '21:9', resolution: '4K' })).toEqual({
      prompt: 'text',
      num_images: 1,
      aspect_ratio: '21:9',
      resolution: '4K',
      output_format: 'png',
    });
    expect(wireOf(type, 'replicate', { outputFormat: 'jpeg' })).toMatchObject({
      output_format: 'jpg',
      resolution: '1K',
    });
  });

  it('has no fallback for what only fal can do', () => {
    expect(() => wireOf(type, 'replicate', { seed: 1 })).toThrow('has no "seed"');
    expect(() => wireOf(type, 'replicate', { outputFormat: 'webp' })).toThrow('takes no outputFormat "webp"');
  });

  it('costs twice as much at 4K', () => {
    const price = (resolution: string) =>
      priceCredits(candidateOf(type, 'fal'), requestFor(definitionOf(type), { resolution }));
    expect([price('1K'), price('2K'), price('4K')]).toEqual([150, 150, 300]);
  });
});

describe('generate:nano_banana_lite', () => {
  const type = 'generate:nano_banana_lite';

  it('falls back to the lowest quality of gpt-image-2 in the same shape', () => {
    expect(wireOf(type, 'openai', { aspectRatio: '9:16' })).toEqual({
      prompt: 'text',
      n: 1,
      size: '864x1536',
      quality: 'low',
      output_format: 'png',
    });
  });

  it('has a size for every ratio that gpt-image-2 takes: steps of 16, at most 3:1', () => {
    for (const ratio of GEMINI_ASPECT_RATIOS) {
      const [width = 0, height = 0] = OPENAI_IMAGE_SIZES[ratio].split('x').map(Number);
      const [across = 0, down = 1] = ratio.split(':').map(Number);
      expect([width % 16, height % 16]).toEqual([0, 0]);
      expect(Math.abs(width / height / (across / down) - 1)).toBeLessThan(0.03);
    }
  });

  it('is billed by the tokens that the answer names', () => {
    const reply = { body: { usage: { input_tokens: 100, output_tokens: 300 } } };
    expect(billedCredits(candidateOf(type, 'openai'), requestFor(definitionOf(type)), reply)).toBe(10);
  });
});

describe('pictures of Gemini at Google itself', () => {
  it('are asked for in shape and size by its own names', () => {
    const config = { aspectRatio: '16:9', resolution: '0.5K' };
    expect(wireOf('generate:nano_banana_2', 'google', config, { prompt: 'a boat' })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'a boat' }] }],
      generationConfig: {
        responseModalities: ['IMAGE'],
        imageConfig: { aspectRatio: '16:9', imageSize: '512' },
      },
    });
  });

  it('take up to 14 pictures before the words, and count each in the price', () => {
    const images = (count: number) => Array.from({ length: count }, () => picture(64, 64));
    const type = 'edit:nano_banana_pro';
    const parts = [{ inlineData: { mimeType: 'image/png', data: expect.anything() } }, { text: 'winter' }];
    expect(wireOf(type, 'google', {}, { prompt: 'winter', images: images(1) })).toMatchObject({
      contents: [{ role: 'user', parts }],
    });
    expect(() => wireOf(type, 'google', {}, { prompt: 'winter', images: images(15) })).toThrow('14 pictures');
    const usd = (count: number): number =>
      candidateOf(type, 'google').price.usd(
        requestFor(definitionOf(type), {}, { prompt: '', images: images(count) }),
      );
    expect(usd(3) - usd(1)).toBeCloseTo((2 * 1_120 * 2) / 1e6, 6);
  });

  it('cannot be had in a format that the user chose', () => {
    expect(() => wireOf('generate:nano_banana_lite', 'google', { outputFormat: 'webp' })).toThrow(
      'has no "outputFormat"',
    );
  });
});

describe('edit:gpt_image_2', () => {
  it('sends the pictures as files and bills them at their own rate', () => {
    const wire = wireOf('edit:gpt_image_2', 'openai', { quality: 'low' }, { images: [picture(64, 64)] });
    expect(wire).toMatchObject({ 'image[]': [{ form: 'bytes' }], quality: 'low', size: 'auto', n: 1 });
    const usage = {
      input_tokens: 1_110,
      output_tokens: 100,
      input_tokens_details: { text_tokens: 10, image_tokens: 1_100 },
    };
    const { price } = candidateOf('edit:gpt_image_2', 'openai');
    const billed = price.billedUsd?.(requestFor(definitionOf('edit:gpt_image_2')), { body: { usage } });
    expect(billed).toBeCloseTo((10 * 5 + 1_100 * 8 + 100 * 30) / 1e6, 9);
  });
});

describe('image:crystal_upscaler', () => {
  const type = 'image:crystal_upscaler';
  const factorOf = (
    config: { targetResolution?: string; scaleFactor?: number },
    width: number,
    height: number,
  ): unknown => {
    const wire = wireOf(type, 'replicate', config, { image: picture(width, height) });
    return typeof wire === 'object' && wire !== null && 'scale_factor' in wire
      ? wire.scale_factor
      : undefined;
  };

  it.each([
    [1024, 1024, 4],
    [1376, 768, 3],
    [768, 1376, 3],
    [1920, 1080, 2],
    [1919, 1080, 3],
    [3839, 100, 2],
    [3840, 2160, 1],
    [384, 384, 10],
  ])('takes %i × %i to a long side of 3840 or more by a factor of %i', (width, height, factor) => {
    expect(factorOf({ targetResolution: '4k' }, width, height)).toBe(factor);
    expect(Math.max(width, height) * factor).toBeGreaterThanOrEqual(3_840);
  });

  it('enlarges twice unless told otherwise', () => {
    expect(factorOf({}, 500, 500)).toBe(2);
    expect(factorOf({ scaleFactor: 3 }, 500, 500)).toBe(3);
  });

  it('sends the picture by URL and asks fal for PNG', () => {
    const image = picture(1024, 1024);
    expect(wireOf(type, 'fal', {}, { image })).toEqual({
      image_url: new MediaInput(image, 'url'),
      scale_factor: 2,
      output_format: 'png',
    });
    expect(wireOf(type, 'replicate', {}, { image })).toEqual({
      image: new MediaInput(image, 'url'),
      scale_factor: 2,
    });
  });

  it('refuses what would be too large, too small, or of unknown size', () => {
    expect(() => factorOf({ scaleFactor: 10 }, 2_000, 2_000)).toThrow('400 megapixels');
    expect(() => factorOf({ targetResolution: '4k' }, 300, 300)).toThrow('too few for 4K');
    const { width, height, ...unknown } = picture(1, 1);
    expect([width, height]).toEqual([1, 1]);
    expect(() => wireOf(type, 'fal', { targetResolution: '4k' }, { image: unknown })).toThrow(
      'size of "image" is not known',
    );
    expect(wireOf(type, 'fal', {}, { image: unknown })).toMatchObject({ scale_factor: 2 });
  });

  it('is priced by the megapixels of the result', () => {
    const price = (width: number, height: number) =>
      priceCredits(
        candidateOf(type, 'fal'),
        requestFor(definitionOf(type), { targetResolution: '4k' }, { image: picture(width, height) }),
      );
    expect(price(1376, 768)).toBe(Math.ceil(1376 * 3 * 768 * 3 * 0.016 * 1e-3));
    expect(price(1024, 1024)).toBeGreaterThan(price(1376, 768));
  });
});

describe('video:kling_video_2_5_i2v', () => {
  const type = 'video:kling_video_2_5_i2v';

  it('writes the duration as text at fal and as number at Replicate', () => {
    const config = { durationSeconds: 10, negativePrompt: 'blur' };
    const image = picture(1024, 1024);
    expect(wireOf(type, 'fal', config, { image, prompt: 'pan' })).toEqual({
      prompt: 'pan',
      image_url: new MediaInput(image, 'url'),
      duration: '10',
      negative_prompt: 'blur',
    });
    expect(wireOf(type, 'replicate', config, { image, prompt: 'pan' })).toEqual({
      prompt: 'pan',
      start_image: new MediaInput(image, 'url'),
      duration: 10,
      negative_prompt: 'blur',
    });
  });

  it('has no fallback for a last frame or cfgScale', () => {
    expect(wireOf(type, 'fal', { cfgScale: 0.7 }, { endImage: picture(9, 9) })).toMatchObject({
      cfg_scale: 0.7,
      tail_image_url: new MediaInput(picture(9, 9), 'url'),
    });
    expect(() => wireOf(type, 'replicate', { cfgScale: 0.7 })).toThrow(UnsupportedRequestError);
    expect(() => wireOf(type, 'replicate', {}, { endImage: picture(9, 9) })).toThrow('no last frame');
  });

  it('costs 7 cents a second', () => {
    const price = (durationSeconds: number) =>
      priceCredits(candidateOf(type, 'fal'), requestFor(definitionOf(type), { durationSeconds }));
    expect([price(5), price(10)]).toEqual([350, 700]);
  });
});

describe('audio:text_to_speech', () => {
  const type = 'audio:text_to_speech';

  it('gives each provider a voice of its own, and a named voice only to the one that has it', () => {
    expect(wireOf(type, 'openai')).toEqual({ input: 'text', voice: 'alloy', response_format: 'wav' });
    expect(wireOf(type, 'fal')).toEqual({ text: 'text', voice: 'Rachel' });
    expect(wireOf(type, 'google', { voice: 'Puck' })).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'text' }] }],
      generationConfig: {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Puck' } } },
      },
    });
    expect(() => wireOf(type, 'openai', { voice: 'Rachel' })).toThrow('no voice "Rachel"');
    expect(() => wireOf(type, 'google', { voice: 'nova' })).toThrow('no voice "nova"');
    expect(() => wireOf(type, 'fal', { voice: 'Puck' })).toThrow('no voice of ElevenLabs');
    expect(() => wireOf(type, 'fal', { voice: 'nova' })).toThrow('no voice of ElevenLabs');
  });

  it('respects the limits of each provider', () => {
    expect(() => wireOf(type, 'openai', {}, { text: 'a'.repeat(4_097) })).toThrow('the model takes 4096');
    expect(wireOf(type, 'fal', {}, { text: 'a'.repeat(4_097) })).toBeDefined();
    expect(() => wireOf(type, 'fal', { speed: 2 })).toThrow('0.7 to 1.2');
    expect(() => wireOf(type, 'fal', { instructions: 'whisper' })).toThrow('has no "instructions"');
  });
});

describe('text:llm', () => {
  const type = 'text:llm';

  it('asks in messages at OpenAI and in fields at fal', () => {
    const config = { system: 'Be brief.', maxTokens: 100 };
    expect(wireOf(type, 'openai', config, { prompt: 'Why?' })).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Why?' },
      ],
      max_completion_tokens: 100,
    });
    expect(wireOf(type, 'fal', config, { prompt: 'Why?' })).toEqual({
      model: 'openai/gpt-5.4-mini',
      prompt: 'Why?',
      system_prompt: 'Be brief.',
      max_tokens: 100,
    });
  });

  it('sends a temperature only where it is allowed', () => {
    expect(() => wireOf(type, 'openai', { temperature: 0.2 })).toThrow('has no "temperature"');
    expect(wireOf(type, 'fal', { temperature: 0.2 })).toMatchObject({ temperature: 0.2 });
  });

  it('takes a number for a prompt, and no blank one', () => {
    expect(wireOf(type, 'fal', {}, { prompt: 7 })).toMatchObject({ prompt: '7' });
    expect(() => wireOf(type, 'fal', {}, { prompt: ' \n' })).toThrow('"prompt" is empty');
  });

  it('is billed by the tokens or the cost that the answer names, never above the quote without them', () => {
    const request = requestFor(definitionOf(type), { maxTokens: 1_000 }, { prompt: 'x'.repeat(4_000) });
    const openai = candidateOf(type, 'openai');
    expect(priceCredits(openai, request)).toBe(7);
    expect(
      billedCredits(openai, request, { body: { usage: { prompt_tokens: 1_000, completion_tokens: 100 } } }),
    ).toBe(2);
    expect(billedCredits(openai, request, { body: {} })).toBe(7);
    expect(billedCredits(candidateOf(type, 'fal'), request, { body: { usage: { cost: 0.0031 } } })).toBe(4);
  });
});

describe('toCredits', () => {
  it('rounds up to whole credits, at least one for anything that is not free, and forgives rounding noise', () => {
    expect([0, -1, 0.0000001, 0.001, 0.0011, 0.03, 0.07 * 5, 0.1 + 0.2].map(toCredits)).toEqual([
      0, 0, 1, 1, 2, 30, 350, 300,
    ]);
  });
});
