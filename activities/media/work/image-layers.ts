import type sharp from 'sharp';
import type { imageWork } from '../../../pipeline/nodes/local/image-work';
import type { WorkConfig } from '../../../pipeline/nodes/local/local-work';
import { MediaError } from '../../../store/assets/media/media-error';
import { drawText } from './lettering';
import {
  canvas,
  fromLayer,
  layAt,
  layGrid,
  openPicture,
  openPictures,
  placeAt,
  toImage,
  toLayer,
  withTransparency,
  type Layer,
  type Size,
} from './picture';
import { fileAt, type Work, type WorkResult } from './work';

type Worker<Name extends keyof typeof imageWork> = (
  work: Work<WorkConfig<typeof imageWork, Name>>,
) => Promise<WorkResult>;

/** Work that lays pictures and words over, beside or below each other. */
export const imageLayers = {
  'image:composite': async (work) => {
    const { left, top, width, opacity, blend } = work.config;
    const picture = await openPicture(fileAt(work, 'image'));
    const overlay = await openPicture(fileAt(work, 'overlay'));
    const layer = await toLayer(overlay.image().resize({ width: width ?? overlay.width }), opacity);
    const laid = await layAt(layer, { left, top }, picture);
    return toImage(picture.image().composite(laid ? [{ ...laid, blend }] : []), picture.format, work);
  },
  'image:watermark': async (work) => {
    const { position, widthShare, marginShare, opacity, tiled } = work.config;
    const picture = await openPicture(fileAt(work, 'image'));
    const logo = await openPicture(fileAt(work, 'logo'));
    const width = Math.max(1, Math.round(picture.width * widthShare));
    const fitted = logo.image().resize({ width, height: picture.height, fit: 'inside' });
    const layer = await toLayer(fitted, opacity);
    const margin = Math.round(picture.width * marginShare);
    const laid = tiled
      ? await tile(layer, margin, picture)
      : await layAt(layer, placeAt(position, layer, picture, margin), picture);
    return toImage(picture.image().composite(laid ? [laid] : []), picture.format, work);
  },
  'image:watermark_text': async (work) => {
    const { text = '', position, sizeShare, color, opacity } = work.config;
    const picture = await openPicture(fileAt(work, 'image'));
    const sizePixels = picture.height * sizeShare;
    const layer = await drawText({ text, color, opacity, sizePixels, width: picture.width * 0.9 });
    const place = placeAt(position, layer, picture, Math.round(sizePixels / 2));
    const laid = await layAt(layer, place, picture);
    return toImage(picture.image().composite(laid ? [laid] : []), picture.format, work);
  },
  'image:caption': caption,
  'image:title_card': async (work) => {
    const { text = '', width, height, color, background, format } = work.config;
    const words = await drawText({ text, color, width: width * 0.84, height: height * 0.5 });
    const laid = await layAt(words, placeAt('center', words, { width, height }, 0), { width, height });
    return toImage(
      canvas({ width, height }, background, 'The card').composite(laid ? [laid] : []),
      format,
      work,
    );
  },
  'image:contact_sheet': contactSheet,
  'image:join': joinPictures,
  'image:apply_mask': async (work) => {
    const { invert, feather } = work.config;
    const picture = await openPicture(fileAt(work, 'image'));
    const mask = await openPicture(fileAt(work, 'mask'));
    const { width, height } = picture;
    const grey = mask
      .image()
      .flatten({ background: '#000000' })
      .resize({ width, height, fit: 'fill' })
      .grayscale();
    const turned = invert ? grey.negate() : grey;
    const soft = feather >= 0.3 ? turned.blur(feather) : turned;
    const alpha = await soft.toColourspace('b-w').raw().toBuffer();
    const stencil = Buffer.alloc(width * height * 4, 255);
    for (let at = 0; at < width * height; at += 1) stencil[at * 4 + 3] = alpha[at] ?? 0;
    const cut = { input: stencil, raw: { width, height, channels: 4 }, blend: 'dest-in' } as const;
    return toImage(picture.image().ensureAlpha().composite([cut]), withTransparency(picture.format), work);
  },
  'image:difference': async (work) => {
    const a = await openPicture(fileAt(work, 'a'));
    const b = await openPicture(fileAt(work, 'b'));
    const { width, height } = a;
    const under = await toLayer(a.image().flatten({ background: '#ffffff' }));
    const fitted = b.image().flatten({ background: '#ffffff' }).resize({ width, height, fit: 'fill' });
    const over = await toLayer(fitted);
    const pixels = Buffer.alloc(width * height * 4, 255);
    for (let at = 0; at < pixels.length; at += 1) {
      if (at % 4 === 3) continue;
      const difference = Math.abs((under.pixels[at] ?? 0) - (over.pixels[at] ?? 0));
      pixels[at] = Math.min(255, Math.round(difference * work.config.amplify));
    }
    return toImage(fromLayer({ pixels, width, height }), a.format, work);
  },
} as const satisfies { readonly [Name in keyof typeof imageWork]?: Worker<Name> };

async function caption(work: Parameters<Worker<'image:caption'>>[0]): Promise<WorkResult> {
  const { text = '', place, sizeShare, color, barColor } = work.config;
  const picture = await openPicture(fileAt(work, 'image'));
  const { width } = picture;
  const sizePixels = Math.max(6, picture.height * sizeShare);
  const words = await drawText({ text, color, sizePixels, width: width * 0.92 });
  const barHeight = Math.round(words.height + sizePixels);
  const ground = { width, height: place === 'below' ? picture.height + barHeight : picture.height };
  const top = place === 'top' ? 0 : ground.height - barHeight;
  const bar = await toLayer(canvas({ width, height: barHeight }, barColor, 'The bar'));
  const middle = {
    left: Math.round((width - words.width) / 2),
    top: top + Math.round((barHeight - words.height) / 2),
  };
  const laid = [await layAt(bar, { left: 0, top }, ground), await layAt(words, middle, ground)];
  const image = await toLayer(
    place === 'below'
      ? picture.image().extend({ bottom: barHeight, background: `${barColor.slice(0, 7)}ff` })
      : picture.image(),
  );
  return toImage(fromLayer(image).composite(laid.filter((each) => each !== undefined)), picture.format, work);
}

async function contactSheet(work: Parameters<Worker<'image:contact_sheet'>>[0]): Promise<WorkResult> {
  const { columns, cellWidth, cellHeight, gap, fit, background, format } = work.config;
  const cell = { width: cellWidth, height: cellHeight };
  const layers: Layer[] = [];
  for (const picture of await openPictures(work, 'images', 100)) {
    layers.push(
      await toLayer(picture.image().resize({ ...cell, fit: fit === 'cover' ? 'cover' : 'inside' })),
    );
  }
  return toImage(await layGrid(layers, { columns, gap, background, cell }), format, work);
}

async function joinPictures(work: Parameters<Worker<'image:join'>>[0]): Promise<WorkResult> {
  const { direction, gap, background } = work.config;
  const pictures = await openPictures(work, 'images', 20);
  const [first] = pictures;
  if (!first) throw new MediaError('unsupported', 'There is no picture to join.');
  const isRow = direction === 'horizontal';
  const layers: Layer[] = [];
  for (const picture of pictures) {
    layers.push(
      await toLayer(picture.image().resize(isRow ? { height: first.height } : { width: first.width })),
    );
  }
  const length = layers.reduce(
    (sum, layer) => sum + (isRow ? layer.width : layer.height),
    gap * (layers.length - 1),
  );
  const ground: Size = isRow
    ? { width: length, height: first.height }
    : { width: first.width, height: length };
  let at = 0;
  const laid: sharp.OverlayOptions[] = [];
  for (const layer of layers) {
    const place = isRow ? { left: at, top: 0 } : { left: 0, top: at };
    laid.push(...[await layAt(layer, place, ground)].filter((each) => each !== undefined));
    at += (isRow ? layer.width : layer.height) + gap;
  }
  return toImage(canvas(ground, background, 'The joined picture').composite(laid), first.format, work);
}

/** The mark again and again over the whole ground. */
async function tile(layer: Layer, gap: number, ground: Size): Promise<sharp.OverlayOptions | undefined> {
  const cell = await toLayer(
    fromLayer(layer).extend({
      right: Math.max(1, gap * 2),
      bottom: Math.max(1, gap * 2),
      background: '#00000000',
    }),
  );
  const { width, height } = ground;
  const part = await layAt(cell, { left: 0, top: 0 }, { width, height });
  return part && { ...part, tile: true };
}
