import { describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { makeAnswer } from '../../sandbox/media/answer';
import { makeCutout } from '../../sandbox/media/cutout';
import { canLetter, letter } from '../../sandbox/media/lettering';
import { makePicture } from '../../sandbox/media/picture';
import type { AnswerRecipe, PictureRecipe } from '../../sandbox/media/recipe';
import { makeSpeech } from '../../sandbox/media/speech';
import { upscalePicture } from '../../sandbox/media/upscale';
import { makeVideo } from '../../sandbox/media/video';

/** Media are CPU work, and the machine may be busy. */
jest.setTimeout(60_000);

describe('a picture', () => {
  it('has the asked size and format at any ratio', async () => {
    for (const [width, height, format] of [
      [1584, 672, 'png'],
      [96, 256, 'webp'],
      [2048, 2048, 'jpeg'],
    ] as const) {
      const made = await makePicture(aPicture({ width, height, format }));
      expect(await sharp(made.bytes).metadata()).toMatchObject({ width, height, format });
    }
  });

  it('depends on the prompt, the seed and the model, and on nothing else', async () => {
    const usual = await makePicture(aPicture({}));
    expect((await makePicture(aPicture({}))).bytes.equals(usual.bytes)).toBe(true);
    for (const change of [{ prompt: 'a green hill' }, { seed: 2 }, { label: 'another' }]) {
      expect((await makePicture(aPicture(change))).bytes.equals(usual.bytes)).toBe(false);
    }
  });

  it('takes its colours from the words of the prompt', async () => {
    const mean = async (prompt: string): Promise<number[]> => {
      const { channels } = await sharp((await makePicture(aPicture({ prompt }))).bytes).stats();
      return channels.map((channel) => channel.mean);
    };
    const [red = 0, , blue = 0] = await mean('sunset');
    expect(red).toBeGreaterThan(blue);
    const [oceanRed = 0, , oceanBlue = 0] = await mean('the ocean');
    expect(oceanBlue).toBeGreaterThan(oceanRed);
  });

  it('shows the prompt as a caption drawn without any font of the machine', async () => {
    expect(canLetter("Crème brûlée & 3 “stars”: what's next? — 100%")).toBe(true);
    expect(letter('AB', 6).width).toBeGreaterThan(letter('A', 6).width);
    const foot = async (prompt: string): Promise<number> => {
      const { bytes, width = 0, height = 0 } = await makePicture(aPicture({ prompt, format: 'png' }));
      const band = { left: 0, top: Math.floor(height * 0.85), width, height: Math.floor(height * 0.08) };
      const { channels } = await sharp(bytes).extract(band).toColourspace('b-w').stats();
      return channels[0]?.max ?? 0;
    };
    expect(await foot('a quiet night')).toBeGreaterThan(200);
  });

  it('edits the given picture instead of drawing a new one', async () => {
    const red = await aSource(300, 200, '#ff0000');
    const made = await makePicture(aPicture({ sources: [red], width: 300, height: 200, format: 'png' }));
    const { channels } = await sharp(made.bytes)
      .extract({ left: 100, top: 20, width: 60, height: 40 })
      .stats();
    expect(channels[0]?.mean).toBeGreaterThan(200);
    expect(channels[2]?.mean).toBeLessThan(90);
  });
});

describe('what is made from a picture', () => {
  it('is the same picture, larger by the factor', async () => {
    const made = await upscalePicture({
      kind: 'upscale',
      source: await aSource(120, 80, '#2255aa'),
      factor: 2.5,
      format: 'png',
    });
    const { channels } = await sharp(made.bytes).stats();
    expect([made.width, made.height]).toEqual([300, 200]);
    const strays = [0x22, 0x55, 0xaa].map((level, at) => Math.abs((channels[at]?.mean ?? 0) - level));
    expect(Math.max(...strays)).toBeLessThanOrEqual(1);
  });

  it('loses its background and keeps its subject', async () => {
    const subject = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#d02020' } })
      .png()
      .toBuffer();
    const scene = await sharp({ create: { width: 200, height: 200, channels: 3, background: '#f0f0f0' } })
      .composite([{ input: subject }])
      .png()
      .toBuffer();
    const made = await makeCutout({
      kind: 'cutout',
      source: `data:image/png;base64,${scene.toString('base64')}`,
      format: 'png',
    });
    const alpha = await sharp(made.bytes).extractChannel('alpha').raw().toBuffer();
    expect(alpha[5 * 200 + 5]).toBe(0);
    expect(alpha[100 * 200 + 100]).toBe(255);
  });

  it('is a clip of the asked length that moves over it', async () => {
    const source = await gradient(640, 360);
    const made = await makeVideo(
      {
        kind: 'video',
        prompt: 'zoom in',
        seed: 1,
        label: 'x',
        source,
        seconds: 2,
        aspect: 1,
      },
      24,
    );
    expect(made).toMatchObject({ contentType: 'video/mp4', width: 960, height: 544, durationSeconds: 2 });
    const clip = await decoded(made.bytes);
    expect(clip).toMatchObject({ frames: 48, width: 960, height: 544 });
    expect(clip.last).not.toBe(clip.first);
  });

  it('is refused with the reason when the source cannot be read', async () => {
    const source = `data:image/png;base64,${Buffer.from('no picture').toString('base64')}`;
    await expect(upscalePicture({ kind: 'upscale', source, factor: 2, format: 'png' })).rejects.toMatchObject(
      { name: 'SourceError', reason: 'decode' },
    );
  });
});

describe('a voice', () => {
  it('speaks longer for a longer text and faster when asked', async () => {
    const speak = (text: string, speed = 1) =>
      makeSpeech({ kind: 'speech', lines: [{ text, voice: 'Rachel' }], speed, format: 'wav' });
    const [short, long, fast] = await Promise.all([
      speak('Good evening.'),
      speak('Good evening, and welcome to the lighthouse.'),
      speak('Good evening, and welcome to the lighthouse.', 2),
    ]);
    expect(long.durationSeconds).toBeGreaterThan(short.durationSeconds ?? 0);
    expect(fast.durationSeconds).toBeLessThan(long.durationSeconds ?? 0);
    const samples = new Int16Array(
      long.bytes.buffer.slice(long.bytes.byteOffset + 44, long.bytes.byteOffset + 44 + 40_000),
    );
    expect(Math.max(...samples)).toBeGreaterThan(2_000);
  });
});

describe('an answer', () => {
  it('is of the kind that was asked for', async () => {
    expect(await answer({ text: 'Expand into an image prompt: a robot' })).toMatch(/^a robot, .+ detailed/);
    expect(await answer({ text: 'Which is it, one of: cat, dog, bird? It barks like a dog.' })).toBe('dog');
    expect(await answer({ instruction: 'Rate from 0 to 1.', text: 'a fine picture' })).toMatch(/^0\.\d\d$/);
    expect(
      JSON.parse(await answer({ instruction: 'Reply in JSON: {"score": 0, "reasons": []}', text: 'a fox' })),
    ).toMatchObject({
      score: expect.any(Number),
      reasons: expect.any(Array),
    });
  });

  it('fits nested schemas with references', async () => {
    const schema = {
      type: 'object',
      properties: { scenes: { type: 'array', minItems: 2, maxItems: 2, items: { $ref: '#/$defs/scene' } } },
      $defs: {
        scene: {
          type: 'object',
          properties: {
            title: { type: 'string', maxLength: 12 },
            seconds: { type: 'integer', minimum: 2, maximum: 4 },
          },
        },
      },
    };
    const { scenes } = JSON.parse(await answer({ text: 'a film about a whale', schema })) as {
      scenes: { title: string; seconds: number }[];
    };
    expect(scenes).toHaveLength(2);
    for (const { title, seconds } of scenes) {
      expect(title.length).toBeLessThanOrEqual(12);
      expect([2, 3, 4]).toContain(seconds);
    }
  });

  async function answer(recipe: Partial<AnswerRecipe>): Promise<string> {
    const { bytes } = await makeAnswer({
      kind: 'answer',
      instruction: '',
      text: '',
      seed: 1,
      images: [],
      ...recipe,
    });
    return bytes.toString('utf8');
  }
});

function aPicture(recipe: Partial<PictureRecipe>): PictureRecipe {
  return {
    kind: 'picture',
    prompt: 'a red hill',
    seed: 1,
    width: 512,
    height: 512,
    format: 'jpeg',
    label: 'test',
    ...recipe,
  };
}

async function aSource(width: number, height: number, background: string): Promise<string> {
  const bytes = await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

async function gradient(width: number, height: number): Promise<string> {
  const pixels = Buffer.from(Array.from({ length: width * height }, (_, at) => ((at % width) * 255) / width));
  const bytes = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

/** The clip as FFmpeg's own decoder sees it, in a process of its own: node-av does not load under jest. */
async function decoded(
  bytes: Buffer,
): Promise<{ frames: number; width: number; height: number; first: string; last: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'everframe-decode-'));
  try {
    const path = join(folder, 'clip.mp4');
    writeFileSync(path, bytes);
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(__dirname, 'decode-clip.mjs'),
      path,
    ]);
    return JSON.parse(stdout) as {
      frames: number;
      width: number;
      height: number;
      first: string;
      last: string;
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
