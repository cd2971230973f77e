import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { MediaProbe } from '../../../store/assets/media/media-probe';
import { probeMedia } from '../../../activities/media/probe-media';
import { createMediaFixtures, pngBomb, turnedByAQuarter, type MediaFixtures } from './media-fixtures';

describe('probeMedia', () => {
  let fixtures: MediaFixtures;
  let clip: string;
  let sound: string;
  beforeAll(async () => {
    fixtures = await createMediaFixtures();
    const video = { codec: 'libx264', width: 64, height: 48 };
    [clip, sound] = await Promise.all([
      fixtures.clip('clip.mp4', { video, audio: { codec: 'aac' }, seconds: 2 }),
      fixtures.clip('sound.wav', { audio: { codec: 'pcm_s16le' }, seconds: 1 }),
      fixtures.clip('clip.mov', { video, seconds: 1 }),
      fixtures.clip('clip.webm', { video: { ...video, codec: 'libvpx-vp9' }, seconds: 1 }),
      fixtures.clip('pieces.mp4', {
        video,
        seconds: 1,
        muxerOptions: { movflags: 'frag_keyframe+empty_moov' },
      }),
      fixtures.clip('sound.mp3', { audio: { codec: 'libmp3lame' }, seconds: 1 }),
    ]);
  });
  afterAll(() => fixtures.remove());

  /** Media work makes its folder before it starts a child. */
  async function probeWithoutChild(path: string, mimeType: string): Promise<MediaProbe> {
    const workFolder = fixtures.path('never-made');
    const probe = await probeMedia(path, mimeType, { workFolder });
    expect(existsSync(workFolder)).toBe(false);
    return probe;
  }

  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)(
    'gives the size of a %s picture without a child process',
    async (format) => {
      const path = await fixtures.picture(`whole.${format}`, {
        width: 30,
        height: 20,
        format,
        isNoise: true,
      });

      expect(await probeWithoutChild(path, `image/${format}`)).toMatchObject({ width: 30, height: 20 });
    },
  );

  it('gives the size of a photograph as it is shown', async () => {
    const path = await fixtures.picture('turned.jpg', {
      width: 30,
      height: 20,
      format: 'jpeg',
      orientation: 6,
    });

    expect(await probeMedia(path, 'image/jpeg')).toEqual({ width: 20, height: 30, codec: 'jpeg' });
  });

  it('gives length, size, frame rate, sound and codec of an MP4 file without a child process', async () => {
    expect(await probeWithoutChild(clip, 'video/mp4')).toEqual({
      width: 64,
      height: 48,
      durationSeconds: expect.closeTo(2, 1),
      frameRate: expect.closeTo(10, 3),
      hasAudio: true,
      codec: 'h264',
    });
  });

  it('says that a clip has no sound', async () => {
    expect(await probeWithoutChild(fixtures.path('clip.mov'), 'video/quicktime')).toMatchObject({
      hasAudio: false,
      durationSeconds: 1,
    });
  });

  it('gives the size of a telephone clip as it is shown', async () => {
    const path = await fixtures.write('turned.mp4', turnedByAQuarter(await readFile(clip)));

    expect(await probeMedia(path, 'video/mp4')).toMatchObject({ width: 48, height: 64 });
  });

  it('gives the length of a WAV file without a child process', async () => {
    expect(await probeWithoutChild(sound, 'audio/wav')).toEqual({
      durationSeconds: expect.closeTo(1, 1),
      hasAudio: true,
      codec: 'pcm_s16le',
    });
  });

  it('takes the file size where a WAV header was written before its length was known', async () => {
    const content = await readFile(sound);
    content.writeUInt32LE(0xffff_ffff, content.indexOf('data') + 4);

    expect(
      (await probeMedia(await fixtures.write('stream.wav', content), 'audio/wav')).durationSeconds,
    ).toBeCloseTo(1, 1);
  });

  it.each([
    [
      'clip.webm',
      'video/webm',
      { width: 64, height: 48, codec: 'vp9', durationSeconds: 1, frameRate: 10, hasAudio: false },
    ],
    ['pieces.mp4', 'video/mp4', { width: 64, height: 48, codec: 'h264', durationSeconds: 1 }],
    ['sound.mp3', 'audio/mpeg', { codec: 'mp3', durationSeconds: expect.closeTo(1, 1), hasAudio: true }],
  ])('leaves %s to FFmpeg', async (name, mimeType, probe) => {
    expect(await probeMedia(fixtures.path(name), mimeType, { workFolder: fixtures.folder })).toMatchObject(
      probe,
    );
  });

  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)(
    'refuses a %s picture that is cut off',
    async (format) => {
      const whole = await fixtures.picture(`cut.${format}`, {
        width: 120,
        height: 120,
        format,
        isNoise: true,
      });
      const cut = await fixtures.truncated(whole, 0.9);

      await expect(probeMedia(cut, `image/${format}`)).rejects.toMatchObject({ kind: 'invalid_media' });
    },
  );

  it.each([0.3, 0.99])('refuses an MP4 file of which only a share of %d arrived', async (share) => {
    const cut = await fixtures.truncated(clip, share);

    await expect(probeMedia(cut, 'video/mp4')).rejects.toMatchObject({ kind: 'invalid_media' });
  });

  it.each([0.0003, 0.5])('refuses a WAV file of which only a share of %d arrived', async (share) => {
    const cut = await fixtures.truncated(sound, share);

    await expect(probeMedia(cut, 'audio/wav')).rejects.toMatchObject({ kind: 'invalid_media' });
  });

  it('refuses a picture that claims more pixels than we take, before decoding it', async () => {
    const path = await fixtures.write('bomb.png', pngBomb(60_000, 60_000));

    await expect(probeWithoutChild(path, 'image/png')).rejects.toMatchObject({
      kind: 'too_large',
      message: 'The picture has 60000 × 60000 pixels; 100 million is the limit.',
    });
  });

  it('refuses a file that is not of its declared type, and reads it with no library', async () => {
    const path = await fixtures.write(
      'active.png',
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    );

    await expect(probeWithoutChild(path, 'image/png')).rejects.toMatchObject({
      kind: 'invalid_media',
      message: 'By its bytes the file is of an unknown type, not image/png.',
    });
  });

  it('has nothing to say about a file that is no media', async () => {
    expect(await probeWithoutChild(await fixtures.write('notes.txt', 'hello'), 'text/plain')).toEqual({});
  });
});
