import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { property, assert as assertProperty, uint8Array } from 'fast-check';
import { readFile } from 'node:fs/promises';
import { sniffMediaType } from '../../../../store/assets/media/sniff-media-type';
import { createMediaFixtures, type MediaFixtures } from '../../../activities/media/media-fixtures';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** The `ftyp` box at the start of an MP4, MOV or HEIF file. */
const brands = (major: string, ...compatible: string[]): Buffer => {
  const content = bytes(`ftyp${major}\0\0\0\0${compatible.join('')}`);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length + 4);
  return Buffer.concat([size, content]);
};

describe('sniffMediaType', () => {
  let fixtures: MediaFixtures;
  beforeAll(async () => {
    fixtures = await createMediaFixtures();
    const video = { width: 32, height: 32 };
    await Promise.all([
      ...(['png', 'jpeg', 'webp', 'gif', 'avif'] as const).map((format) =>
        fixtures.picture(`picture.${format}`, { width: 8, height: 8, format }),
      ),
      fixtures.clip('clip.mp4', { video: { codec: 'libx264', ...video }, seconds: 0.5 }),
      fixtures.clip('clip.mov', { video: { codec: 'libx264', ...video }, seconds: 0.5 }),
      fixtures.clip('clip.webm', { video: { codec: 'libvpx-vp9', ...video }, seconds: 0.5 }),
      ...Object.entries({
        wav: 'pcm_s16le',
        mp3: 'libmp3lame',
        flac: 'flac',
        ogg: 'libopus',
        m4a: 'aac',
      }).map(([extension, codec]) => fixtures.clip(`sound.${extension}`, { audio: { codec }, seconds: 0.2 })),
    ]);
  });
  afterAll(() => fixtures.remove());

  it.each([
    ['picture.png', 'image/png', 'image', 'png'],
    ['picture.jpeg', 'image/jpeg', 'image', 'jpg'],
    ['picture.webp', 'image/webp', 'image', 'webp'],
    ['picture.gif', 'image/gif', 'image', 'gif'],
    ['picture.avif', 'image/avif', 'image', 'avif'],
    ['clip.mp4', 'video/mp4', 'video', 'mp4'],
    ['clip.mov', 'video/quicktime', 'video', 'mov'],
    ['clip.webm', 'video/webm', 'video', 'webm'],
    ['sound.wav', 'audio/wav', 'audio', 'wav'],
    ['sound.mp3', 'audio/mpeg', 'audio', 'mp3'],
    ['sound.flac', 'audio/flac', 'audio', 'flac'],
    ['sound.ogg', 'audio/ogg', 'audio', 'ogg'],
    ['sound.m4a', 'audio/mp4', 'audio', 'm4a'],
  ])('knows a real %s as %s', async (name, mimeType, kind, extension) => {
    const content = await readFile(fixtures.path(name));

    expect(sniffMediaType(content.subarray(0, 4_100))).toEqual({ mimeType, kind, extension });
  });

  it.each([
    ['PDF', bytes('%PDF-1.7\n'), 'application/pdf'],
    ['MP3 without tags', Buffer.from([0xff, 0xfb, 0x90, 0x64]), 'audio/mpeg'],
    ['MP4 of a brand of its maker', brands('XAVC', 'XAVC', 'mp42', 'iso2'), 'video/mp4'],
    ['AVIF declared as a general picture', brands('mif1', 'mif1', 'avif'), 'image/avif'],
  ])('knows %s', (_, head, mimeType) => {
    expect(sniffMediaType(head)?.mimeType).toBe(mimeType);
  });

  it.each([
    ['SVG', bytes('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')],
    ['HTML', bytes('<!doctype html><script>1</script>')],
    ['an HLS playlist', bytes('#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/secret\n')],
    ['a concat list', bytes("ffconcat version 1.0\nfile '/etc/passwd'\n")],
    ['JSON', bytes('{"a":1}')],
    ['plain text', bytes('hello')],
    ['a ZIP archive', bytes('PK\x03\x04')],
    ['TIFF', bytes('II*\0')],
    ['HEIC', brands('heic', 'mif1', 'heic')],
    ['Matroska that is not WebM', bytes('\x1aE\xdf\xa3\xa3\x42\x82\x88matroska')],
    ['Ogg with video', bytes(`OggS${'\0'.repeat(24)}\x80theora`)],
    ['AAC frames', Buffer.from([0xff, 0xf1, 0x50, 0x80])],
    ['a RIFF file of another form', bytes('RIFF\0\0\0\0AVI ')],
    ['an empty file', Buffer.alloc(0)],
  ])('does not take %s for media', (_, head) => {
    expect(sniffMediaType(head)).toBeUndefined();
  });

  it('answers for any bytes, also behind an offset in a shared buffer', () => {
    assertProperty(
      property(uint8Array({ maxLength: 64 }), (head) => {
        const shifted = Buffer.concat([Buffer.from('GIF89a'), head]).subarray(6);

        expect(sniffMediaType(shifted)).toEqual(sniffMediaType(head));
      }),
    );
  });
});
