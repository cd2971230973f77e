import sharp from 'sharp';
import { captionBand } from './caption';
import { readSource } from './read-source';
import { SourceError, type Made, type PictureFormat, type PictureRecipe } from './recipe';
import { drawScene, tintsFor } from './scene';

/** Pixels of the long side at which a scene is drawn; larger pictures are enlarged from it, as SVG would be slow. */
const drawingSide = 1536;
const maximumPixels = 80_000_000;

/** A picture of the asked size: a scene from the prompt, or for edits the given picture in the prompt's colours. */
export async function makePicture(recipe: PictureRecipe): Promise<Made> {
  const { width, height, sources = [] } = recipe;
  const [canvas] = sources;
  const drawn = canvas === undefined ? await scene(recipe) : await edited(recipe, canvas);
  const sized = sharp(drawn).resize(width, height, { kernel: 'lanczos3', fit: 'fill' });
  return encodePicture(sized, recipe.format);
}

/** Encodes and measures; speed before size, since a 4K PNG at full effort takes seconds. */
export async function encodePicture(image: sharp.Sharp, format: PictureFormat): Promise<Made> {
  const encoded =
    format === 'png'
      ? image.png({ compressionLevel: 6, effort: 1 })
      : format === 'webp'
        ? image.webp({ quality: 86, effort: 2 })
        : image.flatten({ background: '#ffffff' }).jpeg({ quality: 88 });
  const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
  const extension = format === 'jpeg' ? 'jpg' : format;
  return { bytes: data, contentType: `image/${format}`, extension, width: info.width, height: info.height };
}

/** Opens what a caller gave us, turned upright; anything unreadable is the caller's fault. */
export async function openPicture(
  source: string,
): Promise<{ image: sharp.Sharp; width: number; height: number }> {
  const bytes = await readSource(source);
  try {
    const image = sharp(bytes, { limitInputPixels: maximumPixels }).rotate();
    const { width, height, autoOrient } = await image.metadata();
    return { image, width: autoOrient?.width ?? width, height: autoOrient?.height ?? height };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown format';
    throw new SourceError(source, 'decode', `could not read the image: ${why}`);
  }
}

async function scene({ prompt, seed, label, width, height }: PictureRecipe): Promise<Buffer> {
  const scale = Math.min(1, drawingSide / Math.max(width, height));
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  return sharp(Buffer.from(svg(w, h, drawScene(prompt, seed, w, h) + captionBand(prompt, label, w, h))))
    .removeAlpha()
    .png({ compressionLevel: 0 })
    .toBuffer();
}

/** The given picture, duotoned towards the prompt's palette, framed and captioned anew. */
async function edited(
  { prompt, seed, label, width, height }: PictureRecipe,
  source: string,
): Promise<Buffer> {
  const { image } = await openPicture(source);
  const scale = Math.min(1, drawingSide / Math.max(width, height));
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  const [shade, shine] = tintsFor(prompt, seed);
  const wash =
    `<defs><linearGradient id="wash" x1="0" y1="0" x2=".4" y2="1"><stop offset="0" stop-color="${shine}"/><stop offset="1" stop-color="${shade}"/></linearGradient></defs>` +
    `<rect width="${w}" height="${h}" fill="url(#wash)"/>`;
  const base = await image
    .resize(w, h, { fit: 'cover' })
    .removeAlpha()
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(base)
    .composite([
      { input: Buffer.from(svg(w, h, wash)), blend: 'soft-light' },
      { input: Buffer.from(svg(w, h, captionBand(prompt, label, w, h))) },
    ])
    .removeAlpha()
    .png({ compressionLevel: 0 })
    .toBuffer();
}

function svg(width: number, height: number, inner: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${inner}</svg>`;
}
