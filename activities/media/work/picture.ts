import { join } from 'node:path';
import sharp from 'sharp';
import { decoding, formatOf, open, readSize, writePicture, type OutputFormat } from '../image-operations';
import { MediaError } from '../../../store/assets/media/media-error';
import { assertPixels } from '../../../store/assets/media/media-probe';
import { sniffInput } from '../read-input';
import type { Work, WorkResult } from './work';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture to work on: upright, its first frame where it moves. */
export interface Picture extends Size {
  readonly format: OutputFormat;
  readonly frames: number;
  readonly path: string;
  image(): sharp.Sharp;
}

/** Pixels ready to be laid over others: RGBA, 8 bits. */
export interface Layer extends Size {
  readonly pixels: Buffer;
}

const QUALITY = 92;

/** @throws MediaError `unsupported`, `invalid_media`, `too_large` */
export async function openPicture(path: string): Promise<Picture> {
  const type = await sniffInput(path, ['image']);
  const size = await readSize(path, type);
  return { ...size, path, format: formatOf(type), image: () => open(path, false).autoOrient() };
}

/** At most that many pictures, each opened. */
export async function openPictures(
  { inputs }: Pick<Work<unknown>, 'inputs'>,
  port: string,
  countMax: number,
): Promise<readonly Picture[]> {
  const paths = inputs[port] ?? [];
  if (paths.length > countMax) {
    throw new MediaError('unsupported', `${paths.length} pictures were given; ${countMax} is the limit.`);
  }
  const pictures: Picture[] = [];
  for (const path of paths) pictures.push(await openPicture(path));
  return pictures;
}

/** Writes the one picture that most work gives. */
export async function toImage(
  image: sharp.Sharp,
  format: OutputFormat,
  { folder }: Pick<Work<unknown>, 'folder'>,
): Promise<WorkResult> {
  const path = join(folder, 'image');
  await writePicture(image, { format, quality: QUALITY }, path);
  return { files: { image: path } };
}

/** JPEG has no transparency: what needs it becomes PNG. */
export function withTransparency(format: OutputFormat): OutputFormat {
  return format === 'jpeg' ? 'png' : format;
}

export async function toLayer(image: sharp.Sharp, opacity = 1): Promise<Layer> {
  const solid = image.toColourspace('srgb').ensureAlpha();
  const { data, info } = await decoding(() => solid.raw().toBuffer({ resolveWithObject: true }));
  if (opacity !== 1) {
    for (let at = 3; at < data.length; at += 4) data[at] = Math.round((data[at] ?? 0) * opacity);
  }
  return { pixels: data, width: info.width, height: info.height };
}

export function fromLayer({ pixels, width, height }: Layer): sharp.Sharp {
  return sharp(pixels, { raw: { width, height, channels: 4 } });
}

export function canvas(size: Size, background: string, subject: string): sharp.Sharp {
  assertPixels(size, subject);
  return sharp({ create: { ...size, channels: 4, background } });
}

/** The part of a layer that lies on a ground of that size; undefined where none does. */
export async function layAt(
  layer: Layer,
  place: { readonly left: number; readonly top: number },
  ground: Size,
): Promise<sharp.OverlayOptions | undefined> {
  const left = Math.max(0, place.left);
  const top = Math.max(0, place.top);
  const width = Math.min(place.left + layer.width, ground.width) - left;
  const height = Math.min(place.top + layer.height, ground.height) - top;
  if (width <= 0 || height <= 0) return undefined;
  const part = await toLayer(
    fromLayer(layer).extract({ left: left - place.left, top: top - place.top, width, height }),
  );
  return { input: part.pixels, raw: { width, height, channels: 4 }, left, top };
}

/** Where something of a size stands on a ground, by compass and margin. */
export function placeAt(
  position: string,
  size: Size,
  ground: Size,
  margin: number,
): { readonly left: number; readonly top: number } {
  const along = (start: boolean, end: boolean, room: number): number =>
    Math.round(start ? margin : end ? room - margin : room / 2);
  return {
    left: along(position.endsWith('west'), position.endsWith('east'), ground.width - size.width),
    top: along(position.startsWith('north'), position.startsWith('south'), ground.height - size.height),
  };
}

/** Layers in cells as large as the largest of them, row by row. */
export async function layGrid(
  layers: readonly Layer[],
  grid: { readonly columns: number; readonly gap: number; readonly background: string; readonly cell?: Size },
): Promise<sharp.Sharp> {
  const { columns, gap, background } = grid;
  const cell = grid.cell ?? {
    width: Math.max(...layers.map(({ width }) => width)),
    height: Math.max(...layers.map(({ height }) => height)),
  };
  const used = Math.min(columns, layers.length);
  const rows = Math.ceil(layers.length / columns);
  const ground = { width: used * (cell.width + gap) + gap, height: rows * (cell.height + gap) + gap };
  const sheet = canvas(ground, background, 'The contact sheet');
  const laid: sharp.OverlayOptions[] = [];
  for (const [index, layer] of layers.entries()) {
    const inside = placeAt('center', layer, cell, 0);
    const left = gap + (index % columns) * (cell.width + gap) + inside.left;
    const top = gap + Math.floor(index / columns) * (cell.height + gap) + inside.top;
    laid.push(...[await layAt(layer, { left, top }, ground)].filter((each) => each !== undefined));
  }
  return sheet.composite(laid);
}
