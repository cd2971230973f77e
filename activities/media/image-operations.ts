import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { MediaError } from '../../store/assets/media/media-error';
import { assertPixels, PIXELS_MAX } from '../../store/assets/media/media-probe';
import {
  type ImageOperation,
  type MediaOperation,
  type MediaResult,
  type PictureFormat,
} from './media-operation';
import { sniffInput } from './read-input';
import type { SniffedType } from '../../store/assets/media/sniff-media-type';

/** Only what `sniffMediaType` takes for an image; SVG above all draws on files and fonts of this machine. */
const LOADERS = ['Png', 'Jpeg', 'Webp', 'Nsgif', 'Heif'].map((name) => `VipsForeignLoad${name}`);
/** A picture that is not meant to change its format keeps nearly all its quality. */
const SAME_FORMAT_QUALITY = 92;

export type OutputFormat = PictureFormat | 'gif';
interface Size {
  readonly width: number;
  readonly height: number;
}
interface SourceSize extends Size {
  /** 1 for a still picture; `width` and `height` are those of one frame. */
  readonly frames: number;
}

/**
 * Runs in a media child process only: it restricts libvips for the whole process.
 *
 * @throws MediaError
 */
export async function runImageOperation(operation: ImageOperation, outputPath: string): Promise<MediaResult> {
  restrictLibvips();
  const type = await sniffInput(operation.inputPath, ['image']);
  const size = await readSize(operation.inputPath, type);
  if (operation.kind === 'image.probe') return probeByDecoding(operation.inputPath, type, size);
  const format = operation.kind === 'image.format' ? operation.format : formatOf(type);
  const image = apply(open(operation.inputPath, keepsAnimation(type, format)).autoOrient(), operation, size);
  const quality = operation.kind === 'image.format' ? operation.quality : SAME_FORMAT_QUALITY;
  return writePicture(image, { format, quality }, outputPath);
}

export function restrictLibvips(): void {
  sharp.cache(false);
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
}

/** Encodes and writes a new file. */
export async function writePicture(
  image: sharp.Sharp,
  { format, quality }: { readonly format: OutputFormat; readonly quality?: number },
  path: string,
): Promise<MediaResult> {
  // JPEG has no transparency: white shows through, where the library would take black.
  const flat = format === 'jpeg' ? image.flatten({ background: '#ffffff' }) : image;
  const encoded =
    format === 'png' || format === 'gif' ? flat.toFormat(format) : flat.toFormat(format, { quality });
  const { data, info } = await decoding(() => encoded.toBuffer({ resolveWithObject: true }));
  await writeFile(path, data);
  const height = info.pageHeight ?? info.height;
  return { kind: 'file', path, mimeType: `image/${format}`, bytes: data.length, width: info.width, height };
}

export function open(path: string, animated: boolean): sharp.Sharp {
  return sharp(path, { limitInputPixels: PIXELS_MAX, failOn: 'error', animated });
}

export async function readSize(path: string, type: SniffedType): Promise<SourceSize> {
  const { autoOrient, pages: frames = 1 } = await decoding(() =>
    sharp(path, { limitInputPixels: false }).metadata(),
  );
  const { width, height } = autoOrient;
  assertPixels({ width, height: height * frames }, `The ${type.mimeType} file`);
  return { width, height, frames };
}

async function probeByDecoding(
  path: string,
  { mimeType, extension }: SniffedType,
  { width, height }: Size,
): Promise<MediaResult> {
  // Averaged down to one pixel: every pixel is decoded, none is kept.
  await decoding(() => open(path, true).resize(1, 1, { fit: 'fill' }).raw().toBuffer());
  const codec = mimeType === 'image/avif' ? 'av1' : extension.replace('jpg', 'jpeg');
  return { kind: 'probe', probe: { width, height, codec } };
}

function apply(
  image: sharp.Sharp,
  operation: Exclude<ImageOperation, { kind: 'image.probe' }>,
  size: SourceSize,
): sharp.Sharp {
  switch (operation.kind) {
    case 'image.format':
      return image;
    case 'image.crop':
      return crop(image, operation, size);
    case 'image.resize':
      return resize(image, operation, size);
  }
}

export function crop(
  image: sharp.Sharp,
  { left, top, width, height }: Pick<Operation<'image.crop'>, 'left' | 'top' | 'width' | 'height'>,
  size: Size,
): sharp.Sharp {
  if (left + width > size.width || top + height > size.height) {
    const wanted = `${width} × ${height} at ${left}, ${top}`;
    throw new MediaError(
      'unsupported',
      `The crop ${wanted} reaches outside the picture of ${size.width} × ${size.height}.`,
    );
  }
  return image.extract({ left, top, width, height });
}

function resize(image: sharp.Sharp, operation: Operation<'image.resize'>, size: SourceSize): sharp.Sharp {
  const { width, height, fit, withoutEnlargement } = operation;
  const target = targetSize(operation, size);
  if (!withoutEnlargement)
    assertPixels({ ...target, height: target.height * size.frames }, 'The resized picture');
  const background = { r: 0, g: 0, b: 0, alpha: 0 };
  return image.resize({ width, height, fit, withoutEnlargement, background });
}

/** The side that is not given follows in proportion, or stays as it is where the picture may be distorted. */
function targetSize({ width, height, fit }: Operation<'image.resize'>, size: Size): Size {
  if (fit === 'fill') return { width: width ?? size.width, height: height ?? size.height };
  const factors = [width && width / size.width, height && height / size.height].filter(
    (factor) => factor !== undefined,
  );
  const factor = Math.min(...factors);
  const inProportion = { width: Math.round(size.width * factor), height: Math.round(size.height * factor) };
  return fit === 'inside'
    ? inProportion
    : { width: width ?? inProportion.width, height: height ?? inProportion.height };
}

/** An animation stays one where both formats can hold it; else its first frame is taken. */
function keepsAnimation({ mimeType }: SniffedType, format: OutputFormat): boolean {
  const formats = ['gif', 'webp'];
  return formats.includes(mimeType.replace('image/', '')) && formats.includes(format);
}

export function formatOf({ mimeType }: SniffedType): OutputFormat {
  switch (mimeType) {
    case 'image/jpeg':
      return 'jpeg';
    case 'image/webp':
      return 'webp';
    case 'image/gif':
      return 'gif';
    case 'image/avif':
      return 'avif';
    default:
      return 'png';
  }
}

/** What the library refuses while it reads is the file's fault: all arguments were checked before. */
export async function decoding<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const operatorDetail = String(error);
    if (operatorDetail.includes('pixel limit')) {
      throw new MediaError('too_large', 'The picture has too many pixels.', { cause: error, operatorDetail });
    }
    throw new MediaError('invalid_media', 'The picture cannot be decoded: it is damaged or cut off.', {
      cause: error,
      operatorDetail,
    });
  }
}

type Operation<Kind extends MediaOperation['kind']> = Extract<MediaOperation, { readonly kind: Kind }>;
