import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { imageWork } from '../../../pipeline/nodes/local/image-work';
import type { JsonObject } from '../../../workflows/contract';
import { openWorkBench, type PictureFacts, type WorkBench } from './work-bench';
import { pngBomb } from './media-fixtures';

const RED = [204, 51, 34, 255];
const BLUE = [34, 85, 204, 255];
const GREEN = [136, 170, 34, 255];
const WHITE = [255, 255, 255, 255];
const CLEAR = 0;
const near = (expected: readonly number[]) => expected.map((value) => expect.closeTo(value, -1));

describe('local work on pictures', () => {
  let bench: WorkBench;
  /** 200 × 120, red, with a blue square of 50 at 20, 20. */
  let flag: string;
  /** 100 × 100, green, JPEG. */
  let green: string;
  /** 40 × 40: white left half, black right half. */
  let halves: string;
  beforeAll(async () => {
    bench = await openWorkBench();
    const plain = (width: number, height: number, background: string) =>
      sharp({ create: { width, height, channels: 3, background } });
    const [square, black] = await Promise.all([
      plain(50, 50, '#2255cc').png().toBuffer(),
      plain(20, 40, '#000000').png().toBuffer(),
    ]);
    const write: WorkBench['fixtures']['write'] = (name, content) => bench.fixtures.write(name, content);
    flag = await write(
      'flag.png',
      await plain(200, 120, '#cc3322')
        .composite([{ input: square, left: 20, top: 20 }])
        .png()
        .toBuffer(),
    );
    green = await write('green.jpg', await plain(100, 100, '#88aa22').jpeg({ quality: 100 }).toBuffer());
    halves = await write(
      'halves.png',
      await plain(40, 40, '#ffffff')
        .composite([{ input: black, left: 20, top: 0 }])
        .png()
        .toBuffer(),
    );
  });
  afterAll(() => bench.close());

  const given = () => ({ flag, green, halves });
  type Case = readonly [
    name: keyof typeof imageWork,
    config: JsonObject,
    inputs: Readonly<
      Record<string, keyof ReturnType<typeof given> | readonly (keyof ReturnType<typeof given>)[]>
    >,
    check: (made: PictureFacts) => void,
  ];
  const size = (made: PictureFacts, width: number, height: number) =>
    expect([made.width, made.height]).toEqual([width, height]);

  const cases: readonly Case[] = [
    [
      'image:crop',
      { left: 20, top: 20, width: 50, height: 50 },
      { image: 'flag' },
      (made) => {
        size(made, 50, 50);
        expect(made.at(0, 0)).toEqual(near(BLUE));
        expect(made.at(49, 49)).toEqual(near(BLUE));
      },
    ],
    ['image:smart_crop', { width: 60, height: 60 }, { image: 'flag' }, (made) => size(made, 60, 60)],
    [
      'image:composite',
      { left: 150, top: -50 },
      { image: 'flag', overlay: 'green' },
      (made) => {
        size(made, 200, 120);
        expect(made.at(199, 0)).toEqual(near(GREEN));
        expect(made.at(149, 0)).toEqual(near(RED));
        expect(made.at(199, 51)).toEqual(near(RED));
      },
    ],
    [
      'image:watermark',
      { widthShare: 0.25, marginShare: 0, opacity: 1 },
      { image: 'flag', logo: 'green' },
      (made) => {
        expect(made.at(199, 119)).toEqual(near(GREEN));
        expect(made.at(150, 70)).toEqual(near(GREEN));
        expect(made.at(148, 119)).toEqual(near(RED));
      },
    ],
    [
      'image:watermark',
      { widthShare: 0.1, marginShare: 0.05, opacity: 1, tiled: true },
      { image: 'flag', logo: 'green' },
      (made) => {
        for (const x of [0, 40, 80, 160]) expect(made.at(x, 0)).toEqual(near(GREEN));
        expect(made.at(30, 0)).toEqual(near(RED));
      },
    ],
    [
      'image:watermark_text',
      { text: '■■■', position: 'northwest', sizeShare: 0.4, opacity: 1 },
      { image: 'flag' },
      (made) => expect(lightPixels(made, { left: 0, top: 0, width: 150, height: 70 })).toBeGreaterThan(200),
    ],
    [
      'image:caption',
      { text: 'Fish & <b>chips</b>', place: 'below', sizeShare: 0.15 },
      { image: 'flag' },
      (made) => {
        expect(made.width).toBe(200);
        expect(made.height).toBeGreaterThan(125);
        expect(made.at(100, 119)).toEqual(near(RED));
        expect(made.at(0, made.height - 1)).toEqual(near([0, 0, 0, 255]));
        expect(
          lightPixels(made, { left: 0, top: 121, width: 200, height: made.height - 121 }),
        ).toBeGreaterThan(20);
      },
    ],
    [
      'image:caption',
      { text: 'Up', place: 'top', barColor: '#2255cc' },
      { image: 'green' },
      (made) => {
        size(made, 100, 100);
        expect(made.at(0, 0)).toEqual(near(BLUE));
        expect(made.at(0, 99)).toEqual(near(GREEN));
      },
    ],
    [
      'image:title_card',
      { text: 'Привет, Ω', width: 320, height: 180, background: '#2255cc' },
      {},
      (made) => {
        size(made, 320, 180);
        expect(made.at(0, 0)).toEqual(near(BLUE));
        expect(lightPixels(made, { left: 0, top: 40, width: 320, height: 100 })).toBeGreaterThan(300);
      },
    ],
    [
      'image:contact_sheet',
      { columns: 2, cellWidth: 50, cellHeight: 50, gap: 10 },
      { images: ['green', 'flag', 'green'] },
      (made) => {
        size(made, 130, 130);
        expect(made.at(0, 0)).toEqual(WHITE);
        expect(made.at(12, 12)).toEqual(near(GREEN));
        expect(made.at(118, 35)).toEqual(near(RED));
        expect(made.at(95, 95)).toEqual(WHITE);
      },
    ],
    [
      'image:join',
      { gap: 10 },
      { images: ['green', 'flag'] },
      (made) => {
        size(made, 100 + 10 + 167, 100);
        expect(made.at(105, 50)).toEqual(near(WHITE));
        expect(made.at(270, 90)).toEqual(near(RED));
      },
    ],
    ['image:join', { direction: 'vertical' }, { images: ['green', 'flag'] }, (made) => size(made, 100, 160)],
    [
      'image:rotate',
      { degrees: 90 },
      { image: 'flag' },
      (made) => {
        size(made, 120, 200);
        expect(made.at(95, 25)).toEqual(near(BLUE));
      },
    ],
    ['image:rotate', { degrees: 45 }, { image: 'flag' }, (made) => expect(made.at(0, 0)[3]).toBe(CLEAR)],
    [
      'image:flip',
      { direction: 'horizontal' },
      { image: 'flag' },
      (made) => expect(made.at(175, 25)).toEqual(near(BLUE)),
    ],
    [
      'image:flip',
      { direction: 'both' },
      { image: 'flag' },
      (made) => expect(made.at(175, 95)).toEqual(near(BLUE)),
    ],
    [
      'image:blur',
      { sigma: 10 },
      { image: 'halves' },
      (made) => expect(made.at(20, 20)[0]).toBeGreaterThan(60),
    ],
    ['image:sharpen', {}, { image: 'flag' }, (made) => size(made, 200, 120)],
    [
      'image:adjust',
      { saturation: 0 },
      { image: 'flag' },
      (made) => {
        const [red = 0, green = 0] = made.at(199, 119);
        expect(Math.abs(red - green)).toBeLessThan(6);
      },
    ],
    [
      'image:adjust',
      { gamma: 2 },
      { image: 'flag' },
      (made) => expect(made.at(199, 119)[1]).toBeGreaterThan(90),
    ],
    [
      'image:adjust',
      { brightness: 0.5 },
      { image: 'flag' },
      (made) => expect(made.at(199, 119)[0]).toBeLessThan(150),
    ],
    [
      'image:grayscale',
      {},
      { image: 'flag' },
      (made) => {
        const [red, green, blue] = made.at(199, 119);
        expect([green, blue]).toEqual([red, red]);
      },
    ],
    [
      'image:grayscale',
      { threshold: 120 },
      { image: 'flag' },
      (made) => expect([0, 255]).toContain(made.at(199, 119)[0]),
    ],
    [
      'image:tint',
      { color: '#0000ff' },
      { image: 'green' },
      (made) => {
        const [red = 0, , blue = 0] = made.at(50, 50);
        expect(blue).toBeGreaterThan(red);
      },
    ],
    [
      'image:invert',
      {},
      { image: 'flag' },
      (made) => expect(made.at(199, 119)).toEqual(near([51, 204, 221, 255])),
    ],
    [
      'image:pad',
      { top: 10, left: 20, background: '#2255cc' },
      { image: 'green' },
      (made) => {
        size(made, 120, 110);
        expect(made.at(0, 0)).toEqual(near(BLUE));
        expect(made.at(119, 109)).toEqual(near(GREEN));
      },
    ],
    [
      'image:canvas',
      { width: 100, height: 200, fill: 'color', color: '#2255cc' },
      { image: 'flag' },
      (made) => {
        size(made, 100, 200);
        expect(made.at(50, 0)).toEqual(near(BLUE));
        expect(made.at(90, 100)).toEqual(near(RED));
      },
    ],
    [
      'image:canvas',
      { width: 100, height: 200 },
      { image: 'green' },
      (made) => expect(made.at(50, 2)).toEqual(near(GREEN)),
    ],
    ['image:trim', {}, { image: 'flag' }, (made) => size(made, 50, 50)],
    [
      'image:round_corners',
      { radiusShare: 0.5 },
      { image: 'green' },
      (made) => {
        expect(made.mimeType).toBe('image/png');
        expect(made.at(0, 0)[3]).toBe(CLEAR);
        expect(made.at(99, 99)[3]).toBe(CLEAR);
        expect(made.at(50, 50)).toEqual(near(GREEN));
        expect(made.at(50, 1)[3]).toBe(255);
      },
    ],
    [
      'image:flatten',
      { background: '#2255cc' },
      { image: 'flag' },
      (made) => expect(made.at(199, 119)).toEqual(near(RED)),
    ],
    [
      'image:apply_mask',
      {},
      { image: 'green', mask: 'halves' },
      (made) => {
        expect(made.mimeType).toBe('image/png');
        expect(made.at(10, 50)).toEqual(near(GREEN));
        expect(made.at(90, 50)[3]).toBe(CLEAR);
      },
    ],
    [
      'image:apply_mask',
      { invert: true, feather: 5 },
      { image: 'green', mask: 'halves' },
      (made) => {
        expect(made.at(2, 50)[3]).toBeLessThan(20);
        expect(made.at(97, 50)[3]).toBeGreaterThan(235);
        expect(made.at(50, 50)[3]).toBeGreaterThan(60);
      },
    ],
    ['image:extract_mask', {}, { image: 'flag' }, (made) => expect(made.at(5, 5)).toEqual(WHITE)],
    [
      'image:animate',
      { secondsPerImage: 0.2 },
      { images: ['green', 'flag', 'halves'] },
      (made) => {
        expect(made).toMatchObject({ mimeType: 'image/gif', width: 100, height: 100, frames: 3 });
      },
    ],
    [
      'image:animate',
      { format: 'webp' },
      { images: ['green', 'flag'] },
      (made) => expect(made).toMatchObject({ mimeType: 'image/webp', frames: 2 }),
    ],
    [
      'image:difference',
      { amplify: 1 },
      { a: 'green', b: 'green' },
      (made) => expect(made.at(50, 50)).toEqual(near([0, 0, 0, 255])),
    ],
    [
      'image:difference',
      { amplify: 10 },
      { a: 'green', b: 'flag' },
      (made) => expect(made.at(90, 90)[0]).toBe(255),
    ],
  ];

  const resolve = (inputs: Case[2]): Record<string, string | string[]> =>
    Object.fromEntries(
      Object.entries(inputs).map(([port, names]) => [
        port,
        typeof names === 'string' ? given()[names] : names.map((name) => given()[name]),
      ]),
    );

  it.each(cases)('%s with %j of %j gives the right picture', async (name, config, inputs, check) => {
    const made = await bench.picture(await bench.file(name, config, resolve(inputs), 'image'));
    check(made);
  });

  it('splits a picture into tiles that lie together as it was', async () => {
    const { files } = await bench.run('image:split_tiles', { columns: 3, rows: 2 }, { image: flag });
    const tiles = await Promise.all([files['images'] ?? []].flat().map((path) => bench.picture(path)));

    expect(tiles.map(({ width, height }) => `${width}x${height}`)).toEqual([
      ...['66x60', '67x60', '67x60'],
      ...['66x60', '67x60', '67x60'],
    ]);
    expect(tiles[0]?.at(25, 25)).toEqual(near(BLUE));
    expect(tiles[5]?.at(66, 59)).toEqual(near(RED));
  });

  it('tells the facts of a picture', async () => {
    expect((await bench.run('image:info', {}, { image: flag })).values).toMatchObject({
      width: 200,
      height: 120,
      info: { format: 'png', hasAlpha: true, frames: 1, brightness: expect.closeTo(0.33, 1) },
    });
    expect((await bench.run('image:info', {}, { image: green })).values['info']).toMatchObject({
      format: 'jpeg',
      hasAlpha: false,
    });
  });

  it('gives alike pictures alike hashes, and others others', async () => {
    const noise = { width: 80, height: 60, format: 'png', isNoise: true } as const;
    const one = await bench.fixtures.picture('noise1.png', noise);
    const small = await bench.file('image:blur', { sigma: 0.5 }, { image: one }, 'image');
    const hash = async (image: string) =>
      (await bench.run('image:perceptual_hash', {}, { image })).values['hash'];

    expect(await hash(one)).toMatch(/^[0-9a-f]{16}$/);
    expect(distance(await hash(one), await hash(small))).toBeLessThan(8);
    expect(distance(await hash(one), await hash(flag))).toBeGreaterThan(12);
  });

  it('finds a picture like itself, and unlike another', async () => {
    const likeness = async (a: string, b: string) => (await bench.run('image:compare', {}, { a, b })).values;

    expect(await likeness(flag, flag)).toMatchObject({
      similarity: 1,
      info: { structural: 1, meanDifference: 0, hashDistance: 0 },
    });
    expect((await likeness(halves, flag))['similarity']).toBeLessThan(0.6);
  });

  it('finds the colours of a picture, the most frequent first', async () => {
    const { values } = await bench.run('image:palette', { count: 2 }, { image: flag });

    expect(values['colors']).toEqual([
      { color: expect.stringMatching(/^#c[0-9a-f]3[0-9a-f]2/), share: expect.closeTo(0.9, 0) },
      { color: expect.stringMatching(/^#[0-9a-f]{6}$/), share: expect.any(Number) },
    ]);
    expect(values['text']).toMatch(/^#c.*, #/);
  });

  it('are all shown here', () => {
    const elsewhere = [
      'image:split_tiles',
      'image:info',
      'image:perceptual_hash',
      'image:compare',
      'image:palette',
    ];
    const shown = [...cases.map(([name]) => name), ...elsewhere];
    expect(Object.keys(imageWork).filter((name) => !shown.includes(name))).toEqual([]);
  });

  it.each([
    [
      'image:crop',
      { left: 190, width: 50, height: 50 },
      'unsupported',
      'reaches outside the picture of 200 × 120',
    ],
    ['image:crop', { width: 0, height: 5 }, 'unsupported', 'cannot run with its config'],
    ['image:pad', { top: 16_000, bottom: 16_000, left: 16_000 }, 'too_large', '100 million is the limit'],
    ['image:split_tiles', { columns: 5, noSuchField: 1 }, 'unsupported', 'cannot run with its config'],
  ] as const)('%s refuses %j as %s', async (name, config, kind, message) => {
    await expect(bench.run(name, config, { image: flag })).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
  });

  it('opens no bomb, no cut-off picture and no SVG', async () => {
    const { fixtures } = bench;
    const svg = await fixtures.write(
      'a.svg',
      '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
    );
    const bomb = await fixtures.write('bomb.png', pngBomb(60_000, 60_000));
    const blur = (image: string) => bench.run('image:blur', {}, { image });

    await expect(blur(svg)).rejects.toMatchObject({ kind: 'unsupported' });
    await expect(blur(bomb)).rejects.toMatchObject({ kind: 'too_large' });
    await expect(blur(await fixtures.truncated(flag, 0.6))).rejects.toMatchObject({ kind: 'invalid_media' });
  });
});

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** How many pixels of an area are nearly white: letters. */
function lightPixels(made: PictureFacts, { left, top, width, height }: Area): number {
  let count = 0;
  for (let y = top; y < top + height; y += 1) {
    for (let x = left; x < left + width; x += 1) {
      if (
        made
          .at(x, y)
          .slice(0, 3)
          .every((value) => value > 180)
      )
        count += 1;
    }
  }
  return count;
}

function distance(one: unknown, other: unknown): number {
  const bits = BigInt(`0x${String(one)}`) ^ BigInt(`0x${String(other)}`);
  return bits.toString(2).replaceAll('0', '').length;
}
