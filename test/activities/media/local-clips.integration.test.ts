import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { videoGraphs } from '../../../activities/media/work/video-graphs';
import { audioWork } from '../../../pipeline/nodes/local/audio-work';
import { videoWork } from '../../../pipeline/nodes/local/video-work';
import type { JsonObject } from '../../../workflows/contract';
import { turnedByAQuarter } from './media-fixtures';
import { openWorkBench, type WorkBench } from './work-bench';

type Name = keyof typeof videoWork | keyof typeof audioWork;
type Given = Readonly<Record<string, string | readonly string[]>>;

const SRT = '1\n00:00:00,200 --> 00:00:01,500\n<i>■■■■</i>\n\n2\n00:00:01,600 --> 00:00:01,900\n{\\an8}x\n';
const lasts = (seconds: number) => expect.closeTo(seconds, 0);

describe('local work on clips and recordings', () => {
  let bench: WorkBench;
  beforeAll(async () => {
    bench = await openWorkBench();
    const { fixtures } = bench;
    const sound = (codec: string, name: string, seconds: number) =>
      fixtures.clip(name, { audio: { codec }, seconds });
    await Promise.all([
      // Grey rises by 40 a second from 20: tests see by it which moment they see.
      fixtures.clip('long.mp4', {
        video: { codec: 'libx264', width: 64, height: 48 },
        audio: { codec: 'aac' },
        seconds: 2,
      }),
      fixtures.clip('short.mp4', { video: { codec: 'libx264', width: 96, height: 64 }, seconds: 1 }),
      sound('libmp3lame', 'voice.mp3', 1.5),
      sound('pcm_s16le', 'music.wav', 0.5),
      fixtures.picture('white.png', { width: 40, height: 40, format: 'png', background: 'white' }),
      fixtures.picture('black.png', { width: 60, height: 40, format: 'png', background: 'black' }),
    ]);
  });
  afterAll(() => bench.close());

  const paths = (given: Given): Record<string, string | string[]> =>
    Object.fromEntries(
      Object.entries(given).map(([port, names]) => [
        port,
        typeof names === 'string'
          ? bench.fixtures.path(names)
          : names.map((name) => bench.fixtures.path(name)),
      ]),
    );
  const file = (name: Name, config: JsonObject, given: Given): Promise<string> =>
    bench.file(name, config, paths(given));

  const long = { video: 'long.mp4' };
  const mp4 = {
    mimeType: 'video/mp4',
    codec: 'h264',
    width: 64,
    height: 48,
    hasAudio: true,
    durationSeconds: lasts(2),
  };
  const clips: readonly (readonly [Name, JsonObject, Given, object])[] = [
    ['video:trim', { startSeconds: 0.5, durationSeconds: 1 }, long, { ...mp4, durationSeconds: lasts(1) }],
    ['video:concat', {}, { videos: ['long.mp4', 'short.mp4'] }, { ...mp4, durationSeconds: lasts(3) }],
    [
      'video:concat',
      { transition: 'fade' },
      { videos: ['short.mp4', 'long.mp4', 'short.mp4'] },
      { ...mp4, width: 96, height: 64, durationSeconds: lasts(3) },
    ],
    ['video:add_audio', {}, { ...long, voice: 'voice.mp3', music: 'music.wav' }, mp4],
    [
      'video:add_audio',
      {},
      { video: 'short.mp4', music: 'music.wav' },
      { hasAudio: true, durationSeconds: lasts(1) },
    ],
    ['video:replace_audio', {}, { ...long, audio: 'voice.mp3' }, mp4],
    [
      'video:replace_audio',
      { length: 'audio' },
      { video: 'short.mp4', audio: 'voice.mp3' },
      { hasAudio: true, durationSeconds: lasts(1.5) },
    ],
    ['video:mute', {}, long, { ...mp4, hasAudio: false }],
    ['video:burn_text', { text: 'Hi {x}' }, long, mp4],
    ['video:burn_subtitles', { subtitles: SRT }, long, mp4],
    ['video:resize', { width: 120, height: 60 }, long, { ...mp4, width: 120, height: 60 }],
    ['video:resize', { width: 60, height: 120, fit: 'blur' }, long, { ...mp4, width: 60, height: 120 }],
    ['video:resize', { width: 60, height: 120, fit: 'cover' }, long, { ...mp4, width: 60, height: 120 }],
    ['video:crop', { left: 10, top: 8, width: 32, height: 24 }, long, { ...mp4, width: 32, height: 24 }],
    ['video:rotate', { degrees: 270, flip: 'vertical' }, long, { ...mp4, width: 48, height: 64 }],
    ['video:speed', { factor: 4 }, long, { ...mp4, durationSeconds: lasts(0.5) }],
    ['video:speed', { factor: 0.4 }, long, { ...mp4, durationSeconds: lasts(5) }],
    ['video:reverse', {}, long, mp4],
    ['video:boomerang', {}, long, { ...mp4, hasAudio: false, durationSeconds: lasts(4) }],
    ['video:fade', {}, long, mp4],
    [
      'video:slideshow',
      { width: 160, height: 90, secondsPerImage: 0.5 },
      { images: ['white.png', 'black.png'] },
      { width: 160, height: 90, hasAudio: false, durationSeconds: lasts(1) },
    ],
    [
      'video:slideshow',
      { width: 96, height: 96, zoom: true, transition: 'none' },
      { images: ['white.png', 'black.png'], audio: 'voice.mp3' },
      { width: 96, hasAudio: true, durationSeconds: lasts(1.5) },
    ],
    ['video:loop', { durationSeconds: 5 }, long, { ...mp4, durationSeconds: lasts(5) }],
    ['video:overlay_image', {}, { ...long, image: 'white.png' }, mp4],
    ['video:picture_in_picture', {}, { ...long, inset: 'short.mp4' }, mp4],
    [
      'video:side_by_side',
      {},
      { videos: ['short.mp4', 'long.mp4'] },
      { width: 192, height: 64, durationSeconds: lasts(2) },
    ],
    [
      'video:side_by_side',
      { direction: 'vertical' },
      { videos: ['long.mp4', 'short.mp4'] },
      { ...mp4, height: 96 },
    ],
    ['video:adjust', { saturation: 0, brightness: 0.2 }, long, mp4],
    ['video:convert', { quality: 'high', frameRate: 20 }, long, { ...mp4, frameRate: 20 }],
    [
      'video:convert',
      { format: 'webm', quality: 'low' },
      long,
      { mimeType: 'video/webm', codec: 'vp9', hasAudio: true, durationSeconds: lasts(2) },
    ],
  ];

  it.each(clips)('%s with %j of %j gives a clip of the right kind', async (name, config, given, expected) => {
    expect(await bench.probe(await file(name, config, given))).toMatchObject(expected);
  });

  const voice = { audio: 'voice.mp3' };
  const recordings: readonly (readonly [Name, JsonObject, Given, object])[] = [
    [
      'video:extract_audio',
      { format: 'm4a' },
      long,
      { mimeType: 'audio/mp4', codec: 'aac', durationSeconds: lasts(2) },
    ],
    [
      'audio:trim',
      { startSeconds: 0.5, durationSeconds: 0.5 },
      voice,
      { mimeType: 'audio/mpeg', durationSeconds: lasts(0.5) },
    ],
    [
      'audio:concat',
      { pauseSeconds: 1 },
      { audios: ['voice.mp3', 'music.wav'] },
      { durationSeconds: lasts(3) },
    ],
    [
      'audio:concat',
      { crossfadeSeconds: 0.2 },
      { audios: ['voice.mp3', 'music.wav'] },
      { durationSeconds: lasts(1.8) },
    ],
    [
      'audio:mix',
      { tailSeconds: 1 },
      { voice: 'voice.mp3', music: 'music.wav' },
      { durationSeconds: lasts(2.5) },
    ],
    ['audio:layer', {}, { audios: ['voice.mp3', 'music.wav'] }, { durationSeconds: lasts(1.5) }],
    ['audio:normalise', {}, voice, { durationSeconds: lasts(1.5) }],
    ['audio:volume', {}, voice, { durationSeconds: lasts(1.5) }],
    ['audio:fade', {}, voice, { durationSeconds: lasts(1.5) }],
    [
      'audio:convert',
      { format: 'wav', sampleRate: 16_000, channels: 1 },
      voice,
      { mimeType: 'audio/wav', codec: 'pcm_s16le' },
    ],
    ['audio:convert', { format: 'flac' }, voice, { mimeType: 'audio/flac', codec: 'flac' }],
    ['audio:convert', { format: 'ogg' }, voice, { mimeType: 'audio/ogg', codec: 'opus' }],
    ['audio:convert', { format: 'm4a', bitRateKbps: 64 }, voice, { mimeType: 'audio/mp4', codec: 'aac' }],
    ['audio:speed', { factor: 3 }, voice, { durationSeconds: lasts(0.5) }],
    ['audio:trim_silence', {}, voice, { durationSeconds: lasts(1.5) }],
    ['audio:loop', { durationSeconds: 4 }, voice, { durationSeconds: lasts(4) }],
    ['audio:silence', { durationSeconds: 1.5 }, {}, { mimeType: 'audio/mpeg', durationSeconds: lasts(1.5) }],
  ];

  it.each(recordings)(
    '%s with %j of %j gives a recording of the right kind',
    async (name, config, given, expected) => {
      expect(await bench.probe(await file(name, config, given))).toMatchObject(expected);
    },
  );

  const pictures: readonly (readonly [Name, JsonObject, Given, object])[] = [
    [
      'video:animation',
      { width: 32, frameRate: 10 },
      long,
      { mimeType: 'image/gif', width: 32, height: 24, frames: expect.closeTo(20, -1) },
    ],
    [
      'video:animation',
      { format: 'webp', startSeconds: 1 },
      long,
      { mimeType: 'image/webp', width: 64, frames: expect.closeTo(8, -1) },
    ],
    [
      'video:contact_sheet',
      { columns: 2, rows: 2, cellWidth: 32 },
      long,
      { mimeType: 'image/jpeg', width: 76, height: 60 },
    ],
    ['audio:waveform', { width: 300, height: 80 }, voice, { mimeType: 'image/png', width: 300, height: 80 }],
  ];

  it.each(pictures)(
    '%s with %j of %j gives a picture of the right kind',
    async (name, config, given, expected) => {
      expect(await bench.picture(await file(name, config, given))).toMatchObject(expected);
    },
  );

  it('are all shown here', () => {
    const shown: readonly string[] = [...clips, ...recordings, ...pictures].map(([name]) => name);
    const names = [...Object.keys(videoWork), ...Object.keys(audioWork)];
    expect(names.filter((name) => !shown.includes(name))).toEqual(['video:frames', 'audio:info']);
  });

  describe('what is seen', () => {
    it('takes frames at equal distances', async () => {
      const [first = 0, second = 0, third = 0, fourth = 0] = await bench.greys(
        bench.fixtures.path('long.mp4'),
        4,
      );
      expect([second - first, third - second, fourth - third].every((step) => step > 12 && step < 35)).toBe(
        true,
      );
    });

    it('plays a clip backwards', async () => {
      const [first = 0, last = 0] = await bench.greys(await file('video:reverse', {}, long), 2);
      expect(first - last).toBeGreaterThan(25);
    });

    it('fades from black and to black', async () => {
      const greys = await bench.greys(await file('video:fade', { inSeconds: 0.8, outSeconds: 0.8 }, long), 8);
      expect(greys[7]).toBeLessThan((greys[4] ?? 0) * 0.8);
      expect(greys[0]).toBeLessThan(20);
    });

    it.each([
      ['video:burn_text', { text: '■■■■■■', sizeShare: 0.4, position: 'center', startSeconds: 1 }],
      ['video:burn_subtitles', { subtitles: SRT.replace('00,200', '01,000'), sizeShare: 0.2 }],
    ] as const)('%s shows its words when it is their time, and only then', async (name, config) => {
      const plain = await bench.greys(bench.fixtures.path('long.mp4'), 4);
      const written = await bench.greys(await file(name, config, long), 4);
      expect(Math.abs((written[0] ?? 0) - (plain[0] ?? 0))).toBeLessThan(4);
      expect((written[2] ?? 0) - (plain[2] ?? 0)).toBeGreaterThan(4);
    });

    it('lays a picture over a clip while it should', async () => {
      const config = { position: 'center', widthShare: 0.7, endSeconds: 0.9 };
      const greys = await bench.greys(
        await file('video:overlay_image', config, { ...long, image: 'white.png' }),
        4,
      );
      expect((greys[0] ?? 0) - (greys[3] ?? 0)).toBeGreaterThan(60);
    });

    it('shows a telephone clip upright in all its work', async () => {
      const turned = turnedByAQuarter(await readFile(bench.fixtures.path('long.mp4')));
      const video = await bench.fixtures.write('turned.mp4', turned);
      expect(await bench.probe(await bench.file('video:mute', {}, { video }))).toMatchObject({
        width: 48,
        height: 64,
      });
    });

    it('draws a wave on its ground', async () => {
      const config = { width: 100, height: 60, color: '#ff0000', background: '#0000ff' };
      const wave = await bench.picture(await file('audio:waveform', config, voice));
      expect(wave.at(50, 0)).toEqual([0, 0, expect.closeTo(255, -1), 255]);
      expect(wave.at(50, 30)[0]).toBeGreaterThan(200);
    });

    it('gives the same bytes for the same work, so that a replay can compare them', async () => {
      const once = await readFile(await file('video:fade', {}, long));
      const again = await readFile(await file('video:fade', {}, long));
      expect(again.equals(once)).toBe(true);
    });
  });

  describe('what is heard', () => {
    const facts = async (audio: string): Promise<Readonly<Record<string, unknown>>> => {
      const { values } = await bench.run('audio:info', {}, { audio });
      return values['info'] as JsonObject;
    };

    it('tells the facts of a recording by its samples', async () => {
      expect(await facts(bench.fixtures.path('music.wav'))).toEqual({
        durationSeconds: expect.closeTo(0.5, 1),
        codec: 'pcm_s16le',
        sampleRate: 48_000,
        channels: 1,
        meanDb: expect.closeTo(-16.9, 0),
        peakDb: expect.closeTo(-13.9, -1),
        lufs: expect.any(Number),
      });
    });

    it.each([-23, -14])('brings a recording to %d LUFS', async (loudness) => {
      const made = await file('audio:normalise', { loudness, format: 'wav' }, voice);
      expect((await facts(made))['lufs']).toEqual(expect.closeTo(loudness, 0));
    });

    it('makes a recording louder by as many decibels as asked', async () => {
      const before = Number((await facts(bench.fixtures.path('music.wav')))['meanDb']);
      const made = await file('audio:volume', { decibels: -12, format: 'wav' }, { audio: 'music.wav' });
      expect(Number((await facts(made))['meanDb'])).toBeCloseTo(before - 12, 0);
    });

    it('lowers the music while the voice speaks', async () => {
      const inputs = { voice: 'voice.mp3', music: 'music.wav' };
      const mix = async (duck: boolean) =>
        Number(
          (
            await facts(
              await file('audio:mix', { duck, musicVolume: 1, voiceVolume: 0.5, format: 'wav' }, inputs),
            )
          )['meanDb'],
        );
      expect(await mix(true)).toBeLessThan((await mix(false)) - 1);
    });

    it('cuts silence off both ends', async () => {
      const [silent, voiced] = [
        await file('audio:silence', { durationSeconds: 1 }, {}),
        bench.fixtures.path('voice.mp3'),
      ];
      const padded = await bench.file('audio:concat', {}, { audios: [silent, voiced, silent] });
      const cut = await bench.file('audio:trim_silence', {}, { audio: padded });
      expect((await facts(padded))['durationSeconds']).toEqual(expect.closeTo(3.5, 0));
      expect(Number((await facts(cut))['durationSeconds'])).toBeLessThan(1.8);
    });
  });

  describe('refuses', () => {
    it.each<readonly [Name, JsonObject, Given, string, string]>([
      [
        'video:crop',
        { left: 60, width: 32, height: 24 },
        long,
        'unsupported',
        'reaches outside the clip of 64 × 48',
      ],
      ['video:trim', { startSeconds: 90 }, long, 'unsupported', 'Nothing is left'],
      [
        'video:burn_subtitles',
        { subtitles: '#EXTM3U\nfile:///etc/passwd' },
        long,
        'unsupported',
        'SRT or WebVTT',
      ],
      ['video:extract_audio', {}, { video: 'short.mp4' }, 'unsupported', 'has no sound'],
      [
        'video:side_by_side',
        {},
        { videos: Array.from({ length: 5 }, () => 'short.mp4') },
        'unsupported',
        '4 is the limit',
      ],
      ['audio:fade', {}, { audio: 'white.png' }, 'unsupported', 'image/png by its bytes'],
      [
        'audio:fade',
        { inSeconds: "1'];movie=/etc/passwd" },
        voice,
        'unsupported',
        'cannot run with its config',
      ],
      ['video:fade', { color: 'red:x=1' }, long, 'unsupported', 'must be a colour'],
    ])('%s with %j of %j', async (name, config, given, kind, message) => {
      await expect(bench.run(name, config, paths(given))).rejects.toMatchObject({
        kind,
        message: expect.stringContaining(message),
      });
    });

    it('a playlist under the name of a clip, and a clip that is cut off', async () => {
      const list = await bench.fixtures.write('list.mp4', '#EXTM3U\n#EXTINF:1,\n/etc/passwd\n');
      const cut = await bench.fixtures.truncated(bench.fixtures.path('long.mp4'), 0.4);
      await expect(bench.run('video:mute', {}, { video: list })).rejects.toMatchObject({
        kind: 'unsupported',
      });
      await expect(bench.run('video:mute', {}, { video: cut })).rejects.toMatchObject({
        kind: 'invalid_media',
      });
    });

    it('to hold more frames of a clip than fit into memory', () => {
      const clip = {
        ...{ name: 'a', format: 'mov', codec: 'h264', degrees: 0, sampleRate: 0, channels: 0 },
        ...{
          hasVideo: true,
          hasAudio: false,
          width: 1_920,
          height: 1_080,
          frameRate: 25,
          durationSeconds: 60,
        },
      };
      const build = () => videoGraphs['video:boomerang']({}, clip);
      expect(build).toThrow('too long to be played backwards at 1920 × 1080: 15 s at most');
    });
  });
});
