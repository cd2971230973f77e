import { canLetter, letter } from './lettering';

/**
 * SVG for the band at the foot of a picture: the prompt in at most two lines, the maker's label small beneath.
 * Scripts that our own strokes lack are left to the machine's fonts.
 */
export function captionBand(prompt: string, label: string, width: number, height: number): string {
  const size = Math.max(9, Math.min(width, height) * 0.026);
  const margin = size * 1.9;
  const lines = wrapped(prompt, size, width - 2 * margin, 2);
  const small = size * 0.55;
  const bandHeight = margin * 1.5 + lines.length * size * 1.75 + small * 2;
  const top = height - margin - small - lines.length * size * 1.75;
  const text = lines.map((line, index) => drawn(line, margin, top + index * size * 1.75, size, 1));
  return (
    `<defs><linearGradient id="band" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity="0"/>` +
    `<stop offset="1" stop-color="#000" stop-opacity=".72"/></linearGradient></defs>` +
    `<rect x="0" y="${height - bandHeight * 1.4}" width="${width}" height="${bandHeight * 1.4}" fill="url(#band)"/>` +
    text.join('') +
    drawn(fitted(label, small, width - 2 * margin), margin, height - margin * 0.9, small, 0.72)
  );
}

function drawn(line: string, x: number, y: number, size: number, opacity: number): string {
  if (!canLetter(line)) {
    return `<text x="${x}" y="${y + size}" font-size="${size * 1.2}" font-family="sans-serif" fill="#fff" fill-opacity="${opacity}">${escapeXml(line)}</text>`;
  }
  const { path } = letter(line, size);
  return (
    `<path transform="translate(${x.toFixed(1)} ${y.toFixed(1)})" d="${path}" fill="none" stroke="#fff" stroke-opacity="${opacity}" ` +
    `stroke-width="${(size * 0.105).toFixed(2)}" stroke-linecap="round" stroke-linejoin="round"/>`
  );
}

function wrapped(text: string, size: number, room: number, maximumLines: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer, size) > room) {
      if (lines.length === maximumLines - 1) return [...lines, fitted(`${longer} …`, size, room, true)];
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, fitted(line, size, room)];
}

function fitted(text: string, size: number, room: number, alwaysCut = false): string {
  if (!alwaysCut && widthOf(text, size) <= room) return text;
  let cut = text.replace(/\s*…$/, '').slice(0, Math.ceil(room / (size * 0.4)));
  while (cut.length > 1 && widthOf(`${cut}…`, size) > room) cut = cut.slice(0, -1);
  return `${cut.trimEnd()}…`;
}

/** Of text in a system font only the signs can be counted: those of East Asia are about square. */
function widthOf(text: string, size: number): number {
  if (canLetter(text)) return letter(text, size).width;
  return [...text].reduce((width, sign) => width + size * (sign >= '\u2e80' ? 1.25 : 0.75), 0);
}

function escapeXml(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
