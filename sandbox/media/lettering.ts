/**
 * A caption alphabet of our own: capitals as strokes in a box 4 wide and 6 high, y downwards. Machines without
 * fonts draw the same pixels as those with, which system fonts would not. Small letters are small capitals.
 */
const strokes: Readonly<Record<string, string>> = {
  A: 'M0 6L2 0L4 6M.8 3.9H3.2',
  B: 'M.3 0V6H2.2A1.6 1.6 0 0 0 2.2 2.8H.3M.3 0H2A1.4 1.4 0 0 1 2 2.8',
  C: 'M3.8 1.1A2.2 3 0 1 0 3.8 4.9',
  D: 'M.3 0V6H1.4A2.5 3 0 0 0 1.4 0Z',
  E: 'M3.5 0H.4V6H3.5M.4 2.9H3',
  F: 'M3.5 0H.4V6M.4 2.9H3',
  G: 'M3.8 1.1A2.2 3 0 1 0 4 4.6V3.3H2.4',
  H: 'M.3 0V6M3.7 0V6M.3 2.9H3.7',
  I: 'M2 0V6',
  J: 'M3.2 0V4.4A1.4 1.6 0 0 1 .4 4.4',
  K: 'M.4 0V6M3.7 0L.4 3.7M1.6 2.5L3.8 6',
  L: 'M.5 0V6H3.5',
  M: 'M0 6L.4 0L2 4.2L3.6 0L4 6',
  N: 'M.3 6V0L3.7 6V0',
  O: 'M2 0A2.1 3 0 1 0 2 6A2.1 3 0 1 0 2 0Z',
  P: 'M.4 6V0H2A1.6 1.6 0 0 1 2 3.3H.4',
  Q: 'M2 0A2.1 3 0 1 0 2 6A2.1 3 0 1 0 2 0ZM2.5 4.6L4 6.4',
  R: 'M.4 6V0H2A1.6 1.55 0 0 1 2 3.1H.4M2 3.1L3.8 6',
  S: 'M3.5 .9C3 -.4 .5 -.3 .5 1.5C.5 3.3 3.6 2.5 3.6 4.5C3.6 6.4 .8 6.4 .3 5',
  T: 'M0 0H4M2 0V6',
  U: 'M.3 0V4.1A1.7 1.9 0 0 0 3.7 4.1V0',
  V: 'M0 0L2 6L4 0',
  W: 'M0 0L1 6L2 1.6L3 6L4 0',
  X: 'M.2 0L3.8 6M3.8 0L.2 6',
  Y: 'M0 0L2 3L4 0M2 3V6',
  Z: 'M.3 0H3.7L.3 6H3.7',
  '0': 'M2 0A1.8 3 0 1 0 2 6A1.8 3 0 1 0 2 0Z',
  '1': 'M.9 1.2L2.2 0V6',
  '2': 'M.5 1.5A1.5 1.5 0 1 1 3.1 2.5L.4 6H3.6',
  '3': 'M.5 0H3.4L1.8 2.4A1.75 1.75 0 1 1 .3 4.9',
  '4': 'M2.8 6V0L.2 4.2H3.8',
  '5': 'M3.3 0H.9L.6 2.7A1.8 1.75 0 1 1 .4 5.1',
  '6': 'M3 0Q.4 2 .4 4.2A1.6 1.8 0 1 0 .6 3.4',
  '7': 'M.3 0H3.7L1.5 6',
  '8': 'M2 2.8A1.4 1.4 0 1 1 2 0A1.4 1.4 0 1 1 2 2.8A1.6 1.6 0 1 1 2 6A1.6 1.6 0 1 1 2 2.8Z',
  '9': 'M1 6Q3.6 4 3.6 1.8A1.6 1.8 0 1 0 3.4 2.6',
  '.': 'M2 5.9V6',
  ',': 'M2.1 5.8L1.6 7',
  ':': 'M2 2V2.1M2 5.9V6',
  ';': 'M2.1 2V2.1M2.1 5.8L1.6 7',
  '!': 'M2 0V4M2 5.9V6',
  '?': 'M.6 1.4A1.45 1.45 0 1 1 2.6 2.7Q2 3 2 4.1M2 5.9V6',
  "'": 'M2 0V1.2',
  '"': 'M1.4 0V1.2M2.6 0V1.2',
  '-': 'M.8 3.3H3.2',
  _: 'M0 6.4H4',
  '/': 'M3.4 -.3L.6 6.5',
  '(': 'M2.7 -.4A4.6 4.6 0 0 0 2.7 6.6',
  ')': 'M1.3 -.4A4.6 4.6 0 0 1 1.3 6.6',
  '&': 'M3.9 6L.9 1.6A1.1 1.1 0 1 1 2.8 1.6Q2.5 2.5 1.4 3.1A1.5 1.5 0 0 0 1.4 6Q3.2 6 3.7 3.4',
  '+': 'M2 1.5V5M.3 3.3H3.7',
  '=': 'M.5 2.5H3.5M.5 4.1H3.5',
  '#': 'M1.4 0L.8 6M3.2 0L2.6 6M.3 2H3.8M.2 4H3.7',
  '%': 'M3.5 0L.5 6M.9 0A.9 .9 0 1 0 .9 1.8A.9 .9 0 1 0 .9 0ZM3.1 4.2A.9 .9 0 1 0 3.1 6A.9 .9 0 1 0 3.1 4.2Z',
  $: 'M3.5 1.4C3 .1 .5 .2 .5 1.8C.5 3.4 3.6 2.7 3.6 4.4C3.6 6 .8 6 .3 4.8M2 -.4V6.5',
  '*': 'M2 .4V2.8M1 1L3 2.2M3 1L1 2.2',
  '·': 'M2 3.2V3.3',
  '…': 'M.5 5.9V6M2 5.9V6M3.5 5.9V6',
  ' ': '',
};

const narrow = new Set(['I', '.', ',', ':', ';', '!', "'", '(', ')', '·', ' ', '1']);
const smallCapital = 0.78;

export interface Lettering {
  /** SVG path data, starting at 0/0 (the top left of the capitals), stroke only. */
  readonly path: string;
  /** In the units of `capitalHeight`. */
  readonly width: number;
}

/** Whether every sign of the text can be drawn here; others need a system font. */
export function canLetter(text: string): boolean {
  return [...plain(text)].every((sign) => sign.toUpperCase() in strokes);
}

/** Draws one line of text as strokes. Signs that it does not know become a middle dot. */
export function letter(text: string, capitalHeight: number): Lettering {
  const unit = capitalHeight / 6;
  const parts: string[] = [];
  let x = 0;
  for (const sign of plain(text)) {
    const capital = sign.toUpperCase();
    const scale = sign === capital ? unit : unit * smallCapital;
    const inset = narrow.has(capital) ? 1.2 : 0;
    const glyph = strokes[capital] ?? strokes['·'] ?? '';
    if (glyph !== '') parts.push(placed(glyph, x - inset * scale, 6 * unit - 6 * scale, scale));
    x += (4 - 2 * inset + 1.75) * scale;
  }
  return { path: parts.join(''), width: Math.max(0, x - 1.75 * unit) };
}

/** Typographic signs and accents brought down to the alphabet above. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[\u2018\u2019`]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/\.\.\./g, '…')
    .replace(/\s+/g, ' ');
}

/** Moves and scales path data: command letters stay, numbers change by what they mean. */
function placed(glyph: string, dx: number, dy: number, scale: number): string {
  return [...glyph.matchAll(/([A-Z])([^A-Z]*)/g)]
    .map(([, command = '', rest = '']) => {
      const numbers = (rest.match(/-?\d*\.?\d+/g) ?? []).map(Number);
      return command + numbers.map((value, index) => moved(command, index, value, dx, dy, scale)).join(' ');
    })
    .join('');
}

function moved(command: string, index: number, value: number, dx: number, dy: number, scale: number): string {
  const inArc = command === 'A' ? index % 7 : -1;
  if (inArc === 2 || inArc === 3 || inArc === 4) return String(value);
  if (inArc === 0 || inArc === 1) return (value * scale).toFixed(2);
  const vertical = command === 'V' || inArc === 6 || (command !== 'H' && inArc < 0 && index % 2 === 1);
  return (value * scale + (vertical ? dy : dx)).toFixed(2);
}
