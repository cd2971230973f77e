import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';

/** A clip whose grey rises by 40 a second from black, 10 frames a second. */
export interface ClipRequest {
  readonly video?: { readonly codec: string; readonly width: number; readonly height: number };
  readonly audio?: { readonly codec: string };
  readonly seconds: number;
  readonly muxerOptions?: Readonly<Record<string, string>>;
}

/** Files of one test file, removed together. */
export interface MediaFixtures {
  readonly folder: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<string>;
  /** A picture of one colour, or of noise, which does not compress. */
  picture(name: string, picture: PictureRequest): Promise<string>;
  clip(name: string, clip: ClipRequest): Promise<string>;
  /** A copy that ends early. */
  truncated(path: string, keptShare: number): Promise<string>;
  remove(): Promise<void>;
}

export interface PictureRequest {
  readonly width: number;
  readonly height: number;
  readonly format: 'png' | 'jpeg' | 'webp' | 'gif' | 'avif';
  /** CSS colour. */
  readonly background?: string;
  readonly isNoise?: boolean;
  /** EXIF, 1–8. */
  readonly orientation?: number;
}

export async function createMediaFixtures(): Promise<MediaFixtures> {
  const folder = await mkdtemp(join(tmpdir(), 'everframe-media-'));
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(path(name), content);
    return path(name);
  };
  return {
    folder,
    path,
    write,
    picture: async (name, picture) => write(name, await encodePicture(picture)),
    clip: async (name, clip) => {
      await makeClip(path(name), clip);
      return path(name);
    },
    truncated: async (whole, keptShare) => {
      const content = await readFile(whole);
      const copy = `${whole}.cut`;
      await writeFile(copy, content.subarray(0, Math.floor(content.length * keptShare)));
      return copy;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function encodePicture({
  width,
  height,
  format,
  background = 'red',
  isNoise,
  orientation,
}: PictureRequest): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const image = isNoise
    ? sharp({ create: { width, height, channels: 3, noise, background } })
    : sharp({ create: { width, height, channels: 4, background } });
  return (orientation ? image.withMetadata({ orientation }) : image).toFormat(format).toBuffer();
}

async function makeClip(path: string, clip: ClipRequest): Promise<void> {
  const script = join(__dirname, 'make-clip.mjs');
  await promisify(execFile)(process.execPath, [script, JSON.stringify({ path, ...clip })], {
    // Eight at once on two busy cores; before the limit of the test, so that what hangs is named.
    timeout: 50_000,
  });
}

/** A PNG of a few bytes that claims to be of any size. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const data = Buffer.from('789c030000000001', 'hex');
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', data),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** Makes a clip one that players turn by a quarter clockwise, as telephones record it: sets the matrix of its first `tkhd` box. */
export function turnedByAQuarter(clip: Buffer): Buffer {
  const turned = Buffer.from(clip);
  const matrixAt = turned.indexOf('tkhd') + 4 + 40;
  const [one, w] = [0x0001_0000, 0x4000_0000];
  [0, one, 0, -one, 0, 0, 0, 0, w].forEach((value, index) =>
    turned.writeInt32BE(value, matrixAt + index * 4),
  );
  return turned;
}
