import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { MediaOperation, MediaResult } from '../../../activities/media/media-operation';
import { runMediaOperation, type MediaRunOptions } from '../../../activities/media/run-media-operation';
import { sniffMediaType } from '../../../store/assets/media/sniff-media-type';
import { createMediaFixtures, pngBomb, turnedByAQuarter, type MediaFixtures } from './media-fixtures';

describe('runMediaOperation', () => {
  let fixtures: MediaFixtures;
  let picture: string;
  let clip: string;
  /** AVIF of this one takes many seconds and hundreds of megabytes. */
  let hugePicture: string;
  beforeAll(async () => {
    fixtures = await createMediaFixtures();
    [picture, clip, hugePicture] = await Promise.all([
      fixtures.picture('picture.png', { width: 40, height: 20, format: 'png' }),
      fixtures.clip('clip.mp4', { video: { codec: 'libx264', width: 64, height: 48 }, seconds: 2 }),
      fixtures.picture('huge.png', { width: 4_000, height: 4_000, format: 'png' }),
      fixtures.clip('sound.mp3', { audio: { codec: 'libmp3lame' }, seconds: 0.3 }),
    ]);
  });
  afterAll(() => fixtures.remove());

  async function run(
    operation: MediaOperation,
    options: Partial<MediaRunOptions> = {},
  ): Promise<MediaResult> {
    const defaults = { timeoutMs: 50_000, memoryLimitMb: 512, workFolder: fixtures.path('work') };
    return runMediaOperation(operation, { ...defaults, ...options });
  }

  /** The compiler that reads a child's TypeScript here keeps a folder of its own among the scratch files. */
  const outputsIn = async (folder: string): Promise<string[]> =>
    (await readdir(folder)).filter((name) => !name.startsWith('swc-'));

  /** Runs an operation that writes a picture; gives what the file is by its own bytes. */
  async function runToPicture(
    operation: MediaOperation,
  ): Promise<{ size: string; mimeType?: string; firstPixel: number[]; frames: number }> {
    const result = await run(operation);
    if (result.kind !== 'file') throw new Error(`${operation.kind} made no file`);
    const content = await readFile(result.path);
    const { width, height, pages = 1 } = await sharp(content).metadata();
    const mimeType = sniffMediaType(content)?.mimeType;
    expect(result).toMatchObject({ mimeType, bytes: content.length, width, height });
    const raw = await sharp(content).toColorspace('srgb').ensureAlpha().raw().toBuffer();
    return { size: `${width}x${height}`, mimeType, firstPixel: [...raw.subarray(0, 4)], frames: pages };
  }

  const resize = (change: Partial<Extract<MediaOperation, { kind: 'image.resize' }>>): MediaOperation => ({
    kind: 'image.resize',
    inputPath: picture,
    fit: 'cover',
    withoutEnlargement: false,
    ...change,
  });

  describe('images', () => {
    it.each([
      ['crops to the exact size with "cover"', { width: 10, height: 10 }, '10x10'],
      ['stays within the box with "inside"', { width: 10, height: 10, fit: 'inside' as const }, '10x5'],
      ['keeps proportions where one side is given', { height: 40 }, '80x40'],
      ['does not enlarge when told so', { width: 16_000, withoutEnlargement: true }, '40x20'],
      [
        'takes a box far larger than the picture can fill',
        { width: 16_000, height: 30, fit: 'inside' as const },
        '60x30',
      ],
      ['distorts with "fill"', { height: 40, fit: 'fill' as const }, '40x40'],
    ])('%s', async (_, change, size) => {
      expect(await runToPicture(resize(change))).toMatchObject({ size, mimeType: 'image/png' });
    });

    it('adds a transparent border with "contain"', async () => {
      expect(await runToPicture(resize({ width: 40, height: 40, fit: 'contain' }))).toMatchObject({
        size: '40x40',
        firstPixel: [0, 0, 0, 0],
      });
    });

    it.each(['png', 'webp', 'jpeg', 'avif'] as const)('converts to %s', async (format) => {
      expect(
        await runToPicture({ kind: 'image.format', inputPath: picture, format, quality: 50 }),
      ).toMatchObject({
        size: '40x20',
        mimeType: `image/${format}`,
      });
    });

    it('makes smaller files at lower quality', async () => {
      const inputPath = await fixtures.picture('noise.png', {
        width: 64,
        height: 64,
        format: 'png',
        isNoise: true,
      });
      const [low, high] = await Promise.all(
        [10, 95].map((quality) => run({ kind: 'image.format', inputPath, format: 'jpeg', quality })),
      );

      expect(low?.kind === 'file' && high?.kind === 'file' && low.bytes < high.bytes / 2).toBe(true);
    });

    it('puts white behind a transparent picture in JPEG', async () => {
      const inputPath = await fixtures.picture('clear.png', {
        width: 8,
        height: 8,
        format: 'png',
        background: '#00000000',
      });

      expect((await runToPicture({ kind: 'image.format', inputPath, format: 'jpeg' })).firstPixel).toEqual([
        255, 255, 255, 255,
      ]);
    });

    it('crops a photograph as it is shown', async () => {
      const inputPath = await fixtures.picture('turned.jpg', {
        width: 30,
        height: 20,
        format: 'jpeg',
        orientation: 6,
      });

      expect(
        await runToPicture({ kind: 'image.crop', inputPath, left: 0, top: 5, width: 20, height: 25 }),
      ).toMatchObject({
        size: '20x25',
        mimeType: 'image/jpeg',
      });
    });

    it('keeps the frames of an animation', async () => {
      const frames = await sharp(
        await Promise.all(
          ['red', 'blue'].map((background) =>
            sharp({ create: { width: 16, height: 16, channels: 3, background } })
              .png()
              .toBuffer(),
          ),
        ),
        { join: { animated: true } },
      )
        .gif()
        .toBuffer();
      const inputPath = await fixtures.write('moving.gif', frames);

      expect(await runToPicture(resize({ inputPath, width: 8 }))).toMatchObject({
        size: '8x8',
        mimeType: 'image/gif',
        frames: 2,
      });
    });

    it('probes a picture', async () => {
      expect(await run({ kind: 'image.probe', inputPath: picture })).toEqual({
        kind: 'probe',
        probe: { width: 40, height: 20, codec: 'png' },
      });
    });
  });

  describe('video and audio', () => {
    it.each([
      ['at the start', 0, 4],
      ['in the middle', 1.25, 61],
      ['past the end, its last frame', 9, 93],
    ])('takes a thumbnail of a clip %s', async (_, atSeconds, grey) => {
      const thumbnail = await runToPicture({
        kind: 'video.thumbnail',
        inputPath: clip,
        atSeconds,
        width: 32,
        format: 'webp',
      });

      expect(thumbnail).toMatchObject({ size: '32x24', mimeType: 'image/webp' });
      expect(Math.abs((thumbnail.firstPixel[0] ?? 0) - grey)).toBeLessThan(5);
    });

    it('turns the thumbnail of a telephone clip upright', async () => {
      const inputPath = await fixtures.write('turned.mp4', turnedByAQuarter(await readFile(clip)));

      expect(
        await runToPicture({ kind: 'video.thumbnail', inputPath, atSeconds: 0, format: 'png' }),
      ).toMatchObject({ size: '48x64' });
    });

    it('probes a clip like its boxes say', async () => {
      expect(await run({ kind: 'video.probe', inputPath: clip })).toEqual({
        kind: 'probe',
        probe: { width: 64, height: 48, durationSeconds: 2, frameRate: 10, hasAudio: false, codec: 'h264' },
      });
    });

    it('probes a recording', async () => {
      expect(await run({ kind: 'audio.probe', inputPath: fixtures.path('sound.mp3') })).toMatchObject({
        probe: { codec: 'mp3' },
      });
    });
  });

  describe('hostile and damaged input', () => {
    it.each([
      [
        'an SVG picture named .png',
        'active.png',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
        'image.probe',
      ],
      ['an HLS playlist named .mp4', 'playlist.mp4', '#EXTM3U\n#EXTINF:1,\n/etc/passwd\n', 'video.probe'],
      ['a concat list named .mp4', 'list.mp4', "ffconcat version 1.0\nfile '/etc/passwd'\n", 'video.probe'],
      ['a picture where a clip is wanted', 'picture.mp4', pngBomb(8, 8), 'video.probe'],
    ] as const)('does not open %s', async (_, name, content, kind) => {
      const inputPath = await fixtures.write(name, content);

      await expect(run({ kind, inputPath })).rejects.toMatchObject({ kind: 'unsupported' });
    });

    it('refuses a picture that claims more pixels than we take', async () => {
      const inputPath = await fixtures.write('bomb.png', pngBomb(60_000, 60_000));

      await expect(run(resize({ inputPath, width: 10 }))).rejects.toMatchObject({ kind: 'too_large' });
    });

    it('refuses to make a picture of more pixels than we take', async () => {
      await expect(run(resize({ width: 16_000 }))).rejects.toMatchObject({ kind: 'too_large' });
    });

    it('refuses a picture that is cut off, and leaves no file', async () => {
      const whole = await fixtures.picture('noise.jpg', {
        width: 64,
        height: 64,
        format: 'jpeg',
        isNoise: true,
      });
      const workFolder = fixtures.path('empty-after-damage');

      await expect(
        run(resize({ inputPath: await fixtures.truncated(whole, 0.7), width: 9 }), { workFolder }),
      ).rejects.toMatchObject({
        kind: 'invalid_media',
        message: 'The picture cannot be decoded: it is damaged or cut off.',
      });
      expect(await outputsIn(workFolder)).toEqual([]);
    });

    it('refuses a clip that is cut off', async () => {
      await expect(
        run({ kind: 'video.probe', inputPath: await fixtures.truncated(clip, 0.4) }),
      ).rejects.toMatchObject({
        kind: 'invalid_media',
      });
    });

    it('refuses a crop outside the picture, with both sizes', async () => {
      await expect(
        run({ kind: 'image.crop', inputPath: picture, left: 30, top: 0, width: 20, height: 20 }),
      ).rejects.toMatchObject({
        kind: 'unsupported',
        message: 'The crop 20 × 20 at 30, 0 reaches outside the picture of 40 × 20.',
      });
    });

    it.each(['http://127.0.0.1/clip.mp4', 'clip.mp4'])(
      'opens no "%s": local absolute paths only',
      async (inputPath) => {
        await expect(run({ kind: 'video.probe', inputPath })).rejects.toMatchObject({ kind: 'unsupported' });
      },
    );
  });

  describe('limits', () => {
    const slow = (): MediaOperation => ({
      kind: 'image.format',
      inputPath: hugePicture,
      format: 'avif',
      quality: 90,
    });
    const runningChildren = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'ProcessWrap').length;

    const untilChildRuns = async (): Promise<void> => {
      while (runningChildren() === 0) await new Promise((resolve) => setImmediate(resolve));
    };

    it('kills the work at its time limit', async () => {
      const workFolder = fixtures.path('empty-after-timeout');

      await expect(run(slow(), { timeoutMs: 300, memoryLimitMb: 4_096, workFolder })).rejects.toMatchObject({
        kind: 'timeout',
        message: 'image.format took longer than 0.3 s and was stopped.',
      });
      expect(await outputsIn(workFolder)).toEqual([]);
      expect(runningChildren()).toBe(0);
    });

    it('kills the work at its memory limit, memory of native libraries included', async () => {
      await expect(run(slow(), { memoryLimitMb: 200 })).rejects.toMatchObject({
        kind: 'too_large',
        message: 'image.format needs more memory than it may have (200 MB).',
      });
      expect(runningChildren()).toBe(0);
    });

    it('kills the work when aborted, and gives the reason of the caller', async () => {
      const controller = new AbortController();
      const reason = new Error('the execution was cancelled');
      const workFolder = fixtures.path('empty-after-abort');
      const work = run(slow(), { memoryLimitMb: 4_096, workFolder, signal: controller.signal });
      await untilChildRuns();
      controller.abort(reason);

      await expect(work).rejects.toBe(reason);
      expect(await outputsIn(workFolder)).toEqual([]);
      expect(runningChildren()).toBe(0);
    });

    it('starts nothing when aborted before', async () => {
      await expect(run(slow(), { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow(
        'too late',
      );
    });

    it('ends its child when the worker is gone', async () => {
      const root = join(__dirname, '../../..');
      const child = fork(join(root, 'activities/media/child-main.ts'), [], {
        execArgv: ['--require', join(root, 'scripts/typescript-hook.cjs')],
        env: {},
      });
      child.send({ operation: slow(), outputPath: fixtures.path('orphan'), memoryLimitMb: 4_096 });
      child.disconnect();

      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    });
  });
});
