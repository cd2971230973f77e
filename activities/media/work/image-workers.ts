import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { imageWork, type ImageWork } from '../../../pipeline/nodes/local/image-work';
import type { WorkConfig } from '../../../pipeline/nodes/local/local-work';
import { decoding, restrictLibvips, writePicture } from '../image-operations';
import { MediaError } from '../../../store/assets/media/media-error';
import { assertPixels } from '../../../store/assets/media/media-probe';
import { formatAfter, imageChanges } from './image-changes';
import { imageLayers } from './image-layers';
import { openPicture, openPictures, toImage, toLayer, type Picture } from './picture';
import {
  colourPixels,
  greyPixels,
  hashDistance,
  meanDifference,
  paletteOf,
  perceptualHash,
  structuralSimilarity,
  toHex,
} from './picture-measures';
import { fileAt, type Work, type Worker, type WorkResult } from './work';

type Config<Name extends ImageWork> = WorkConfig<typeof imageWork, Name>;
type ChangeName = keyof typeof imageChanges;
type LayerName = keyof typeof imageLayers;
type Rest = { readonly [Name in Exclude<ImageWork, ChangeName | LayerName>]: Worker<Config<Name>> };

/** Longer side of the copy that is compared. */
const COMPARED_SIDE = 512;

const workers: Rest = {
  'image:split_tiles': splitTiles,
  'image:animate': animate,
  'image:info': async (work) => {
    const picture = await openPicture(fileAt(work, 'image'));
    const info = await factsOf(picture);
    return { values: { info, width: picture.width, height: picture.height } };
  },
  'image:perceptual_hash': async (work) => ({
    values: { hash: await perceptualHash(await openPicture(fileAt(work, 'image'))) },
  }),
  'image:compare': compare,
  'image:palette': async (work) => {
    const picture = await openPicture(fileAt(work, 'image'));
    const colors = paletteOf(await colourPixels(picture, { width: 64, height: 64 }), work.config.count);
    return {
      values: {
        colors: colors.map((each) => ({ ...each })),
        text: colors.map(({ color }) => color).join(', '),
      },
    };
  },
};

/** Does one kind of work on pictures. @throws MediaError, ZodError for a config that is not of its kind */
export async function workOnImages(name: ImageWork, work: Work<unknown>): Promise<WorkResult> {
  restrictLibvips();
  const config = imageWork[name].config.parse(work.config);
  // The schema of that name made this config: TypeScript cannot follow it through the table.
  const typed = { ...work, config } as Work<never>;
  if (name in imageChanges) return change(name as ChangeName, typed);
  if (name in imageLayers) return imageLayers[name as LayerName](typed);
  return workers[name as keyof Rest](typed);
}

async function change(name: ChangeName, work: Work<never>): Promise<WorkResult> {
  const picture = await openPicture(fileAt(work, 'image'));
  return toImage(await imageChanges[name](picture, work.config), formatAfter(name, picture.format), work);
}

async function splitTiles(work: Work<Config<'image:split_tiles'>>): Promise<WorkResult> {
  const { columns, rows } = work.config;
  const picture = await openPicture(fileAt(work, 'image'));
  if (columns > picture.width || rows > picture.height) {
    throw new MediaError(
      'unsupported',
      `A picture of ${picture.width} × ${picture.height} has no ${columns} × ${rows} tiles.`,
    );
  }
  const edge = (index: number, count: number, length: number): number => Math.floor((index * length) / count);
  const images: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const left = edge(column, columns, picture.width);
      const top = edge(row, rows, picture.height);
      const width = edge(column + 1, columns, picture.width) - left;
      const height = edge(row + 1, rows, picture.height) - top;
      const path = join(work.folder, `tile-${row}-${column}`);
      await writePicture(
        picture.image().extract({ left, top, width, height }),
        { format: picture.format, quality: 92 },
        path,
      );
      images.push(path);
    }
  }
  return { files: { images } };
}

async function animate(work: Work<Config<'image:animate'>>): Promise<WorkResult> {
  const { secondsPerImage, loop, format } = work.config;
  const pictures = await openPictures(work, 'images', 100);
  const [first] = pictures;
  if (!first) throw new MediaError('unsupported', 'There is no picture to animate.');
  const { width, height } = first;
  assertPixels({ width, height: height * pictures.length }, 'The animation');
  const frames: Buffer[] = [];
  for (const picture of pictures) {
    const fitted = picture.image().resize({ width, height, fit: 'contain', background: '#00000000' });
    frames.push(await decoding(() => fitted.ensureAlpha().png().toBuffer()));
  }
  const joined = sharp(frames, { join: { animated: true } });
  const options = { delay: frames.map(() => Math.round(secondsPerImage * 1_000)), loop };
  const encoded = format === 'gif' ? joined.gif(options) : joined.webp({ ...options, quality: 88 });
  const path = join(work.folder, 'image');
  await writeFile(path, await decoding(() => encoded.toBuffer()));
  return { files: { image: path } };
}

async function compare(work: Work<Config<'image:compare'>>): Promise<WorkResult> {
  const a = await openPicture(fileAt(work, 'a'));
  const b = await openPicture(fileAt(work, 'b'));
  const factor = Math.min(1, COMPARED_SIDE / Math.max(a.width, a.height));
  const size = {
    width: Math.max(1, Math.round(a.width * factor)),
    height: Math.max(1, Math.round(a.height * factor)),
  };
  const difference = meanDifference(await colourPixels(a, size), await colourPixels(b, size));
  const structure = structuralSimilarity(await greyPixels(a, size), await greyPixels(b, size), size);
  const structural = rounded(Math.max(0, structure));
  const similarity = rounded(Math.max(0, structure) * (1 - difference));
  const distance = hashDistance(await perceptualHash(a), await perceptualHash(b));
  const info = { similarity, structural, meanDifference: rounded(difference), hashDistance: distance };
  return { values: { similarity, info } };
}

async function factsOf(picture: Picture) {
  const { hasAlpha } = await decoding(() => sharp(picture.path).metadata());
  const solid = await toLayer(picture.image().flatten({ background: '#ffffff' }));
  const stats = await decoding(() =>
    sharp(solid.pixels, { raw: { width: solid.width, height: solid.height, channels: 4 } })
      .removeAlpha()
      .stats(),
  );
  const mean = stats.channels.slice(0, 3).map((channel) => channel.mean);
  const [red = 0, green = 0, blue = 0] = mean;
  const { width, height, format, frames } = picture;
  return {
    ...{ width, height, format, hasAlpha, frames, meanColor: toHex(mean) },
    // Rec. 709 luma.
    brightness: rounded((0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255),
    entropy: rounded(stats.entropy),
    sharpness: rounded(stats.sharpness),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
