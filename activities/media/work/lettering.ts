import sharp from 'sharp';
import { toLayer, type Layer } from './picture';

/** DejaVu Sans covers Latin, Greek, Cyrillic, Arabic, Hebrew and more; other scripts come from fonts of the machine. */
export const FONT_FILE = require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
export const FONT_NAME = 'DejaVu Sans';

export interface Lettering {
  readonly text: string;
  /** #rrggbb or #rrggbbaa. */
  readonly color: string;
  /** Of the letters, pixels; absent: as large as fits into width and height. */
  readonly sizePixels?: number;
  /** Lines are broken at it, pixels. */
  readonly width: number;
  readonly height?: number;
  readonly opacity?: number;
}

/** Draws words as pixels. The words are words: markup in them shows as it is written. */
export async function drawText({ text, color, opacity, ...box }: Lettering): Promise<Layer> {
  const size = box.sizePixels === undefined ? '' : ` ${Math.max(1, Math.round(box.sizePixels))}`;
  const drawn = sharp({
    text: {
      text: `<span foreground="${color.slice(0, 7)}">${escapeMarkup(text)}</span>`,
      font: `${FONT_NAME}${size}`,
      fontfile: FONT_FILE,
      rgba: true,
      align: 'center',
      width: Math.max(1, Math.round(box.width)),
      ...(box.sizePixels === undefined ? { height: Math.max(1, Math.round(box.height ?? 1)) } : { dpi: 72 }),
    },
  });
  const alpha = color.length === 9 ? parseInt(color.slice(7), 16) / 255 : 1;
  return toLayer(drawn, alpha * (opacity ?? 1));
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escapeMarkup(text: string): string {
  return visible(text).replace(/[&<>]/g, (character) => entities[character] ?? '');
}

/** Without control characters, which no text layout takes; line ends stay. */
export function visible(text: string): string {
  const shown = [...text].map((character) => {
    const code = character.codePointAt(0) ?? 0;
    const isLone = code >= 0xd800 && code <= 0xdfff;
    return (code < 32 && character !== '\n') || code === 127 || isLone || code === 0xfffe || code === 0xffff
      ? ' '
      : character;
  });
  return shown.join('');
}
