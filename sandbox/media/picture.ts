import sharp from 'sharp';
import { captionBand } from './caption';
import { encodePicture, openPicture } from './picture-file';
import type { Made, PictureRecipe } from './recipe';
import { rework } from './rework';
import type { Size } from './sizes';
import { drawScene, tintsFor } from './scene';

/** Pixels of the long side at which a scene is drawn; larger pictures are enlarged from it, as SVG would be slow. */
const drawingSide = 1536;

/** A picture of the asked size: a scene from the prompt, or for edits the given picture in the prompt's colours. */
export async function makePicture(recipe: PictureRecipe): Promise<Made> {
  const { sources = [], rework: how } = recipe;
  const [canvas] = sources;
  const { width, height } = await sizeFor(recipe);
  const sized = { ...recipe, width, height };
  const drawn = canvas === undefined || how !== undefined ? await scene(sized) : await edited(sized, canvas);
  const whole = canvas === undefined || how === undefined ? drawn : await rework(drawn, canvas, how);
  const enlarged = sharp(whole).resize(width, height, { kernel: 'lanczos3', fit: 'fill' });
  return encodePicture(enlarged, recipe.format);
}

type SizedRecipe = PictureRecipe & Size;

/** What was asked for, else the size of the canvas with what is added to it. */
async function sizeFor({ width, height, sources, rework: how }: PictureRecipe): Promise<Size> {
  const [canvas] = sources ?? [];
  if (width !== undefined && height !== undefined) return { width, height };
  if (canvas === undefined) return { width: 1024, height: 1024 };
  const source = await openPicture(canvas);
  const { left, right, up, down } = how?.kind === 'extend' ? how.margins : NO_MARGINS;
  return { width: source.width + left + right, height: source.height + up + down };
}

const NO_MARGINS = { left: 0, right: 0, up: 0, down: 0 };

async function scene({ prompt, seed, label, width, height }: SizedRecipe): Promise<Buffer> {
  const scale = Math.min(1, drawingSide / Math.max(width, height));
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  return sharp(Buffer.from(svg(w, h, drawScene(prompt, seed, w, h) + captionBand(prompt, label, w, h))))
    .removeAlpha()
    .png({ compressionLevel: 0 })
    .toBuffer();
}

/** The given picture, duotoned towards the prompt's palette, framed and captioned anew. */
async function edited({ prompt, seed, label, width, height }: SizedRecipe, source: string): Promise<Buffer> {
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
