import { captionBand } from './caption';
import { openPicture } from './picture-file';
import type { Made, VectorRecipe } from './recipe';
import { drawScene } from './scene';

/** Cells of the long side of a traced picture. */
const cells = 64;

/** SVG: the scene of the prompt as paths, or a given picture traced into runs of one colour. */
export async function makeVector(recipe: VectorRecipe): Promise<Made> {
  const { prompt, seed, label, source } = recipe;
  const traced = source === undefined ? undefined : await trace(source);
  const { width, height, inner } = traced ?? {
    width: recipe.width,
    height: recipe.height,
    inner:
      drawScene(prompt, seed, recipe.width, recipe.height) +
      captionBand(prompt, label, recipe.width, recipe.height),
  };
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${inner}</svg>`;
  return { bytes: Buffer.from(svg), contentType: 'image/svg+xml', extension: 'svg', width, height };
}

async function trace(source: string): Promise<{ width: number; height: number; inner: string }> {
  const { image, width, height } = await openPicture(source);
  const scale = cells / Math.max(width, height);
  const columns = Math.max(1, Math.round(width * scale));
  const rows = Math.max(1, Math.round(height * scale));
  const pixels = await image
    .resize(columns, rows, { fit: 'fill' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const paths = Array.from({ length: rows }, (_, row) => runsOf(pixels, row, columns, width, height / rows));
  return { width, height, inner: paths.join('') };
}

/** One row of cells as rectangles, neighbours of the same colour joined. */
function runsOf(pixels: Buffer, row: number, columns: number, width: number, cellHeight: number): string {
  const colourAt = (column: number): string => {
    const at = (row * columns + column) * 3;
    // Sixteen steps a channel: few enough that neighbours agree.
    return `#${[0, 1, 2].map((channel) => ((pixels[at + channel] ?? 0) >> 4).toString(16)).join('')}`;
  };
  const cellWidth = width / columns;
  let path = '';
  let start = 0;
  for (let column = 1; column <= columns; column += 1) {
    if (column < columns && colourAt(column) === colourAt(start)) continue;
    const [x, y] = [start * cellWidth, row * cellHeight].map((value) => value.toFixed(1));
    // A little overlap hides the seams between rows.
    const h = (cellHeight * 1.02).toFixed(1);
    path += `<path fill="${colourAt(start)}" d="M${x} ${y}h${((column - start) * cellWidth).toFixed(1)}v${h}H${x}z"/>`;
    start = column;
  }
  return path;
}
