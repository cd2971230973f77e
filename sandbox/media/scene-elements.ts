import { mix, type Palette } from './palette';
import type { Random } from './random';

/** `unit` is a thousandth of the short side. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly unit: number;
  /** Where sun or moon stand, from the left; water glitters below it. */
  readonly lightX: number;
  readonly palette: Palette;
  readonly random: Random;
}

export interface Ridge {
  /** Where its lowest crest lies, and how far peaks rise above, in pixels. */
  readonly top: number;
  readonly rise: number;
  /** 0 is a smooth swell, 1 is crags. */
  readonly roughness: number;
  /** 0 is far and pale, 1 near and dark. */
  readonly depth: number;
  readonly id: string;
}

/** A coordinate, to a tenth of a pixel. */
export const n = (value: number): string => value.toFixed(1);

/** Heights in [0, 1] along a line, by halving: each half is displaced less, the rougher the longer it lasts. */
function profile(random: Random, roughness: number, levels: number): number[] {
  let heights = [random.next(), random.next(), random.next()];
  let swing = 0.5;
  for (let level = 0; level < levels; level += 1) {
    heights = heights.flatMap((here, index) => {
      const next = heights[index + 1];
      return next === undefined ? [here] : [here, (here + next) / 2 + random.between(-swing, swing)];
    });
    swing *= 0.3 + roughness * 0.3;
  }
  const low = Math.min(...heights);
  const span = Math.max(...heights) - low || 1;
  return heights.map((height) => (height - low) / span);
}

export function ridge(
  { width, height, palette, random }: Canvas,
  { top, rise, roughness, depth, id }: Ridge,
): string {
  const smooth = roughness < 0.4;
  const heights = profile(random, roughness, smooth ? 2 : 7);
  const points = heights.map(
    (share, index) => [(index / (heights.length - 1)) * width, top - share * rise] as const,
  );
  const line = smooth ? curve(points) : points.map(([x, y]) => `L${n(x)} ${n(y)}`).join('');
  const colour = mix(palette.far, palette.near, depth);
  const haze = mix(colour, palette.sky[3], 0.45 * (1 - depth));
  return (
    `<defs><linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${colour}"/><stop offset="1" stop-color="${haze}"/></linearGradient></defs>` +
    `<path d="M0 ${height}L0 ${n(points[0]?.[1] ?? top)}${line}L${width} ${height}Z" fill="url(#${id})"/>`
  );
}

function curve(points: readonly (readonly [number, number])[]): string {
  return points
    .slice(1)
    .map(([x, y], index) => {
      const [fromX, fromY] = points[index] ?? [x, y];
      const middle = (fromX + x) / 2;
      return `C${n(middle)} ${n(fromY)} ${n(middle)} ${n(y)} ${n(x)} ${n(y)}`;
    })
    .join('');
}

export function stars({ width, unit, random }: Canvas, horizon: number): string {
  return Array.from({ length: 150 }, () => {
    const y = horizon * random.next() ** 1.4;
    const bright = random.next();
    return `<circle cx="${n(random.next() * width)}" cy="${n(y)}" r="${(unit * (0.5 + bright ** 4 * 2.2)).toFixed(2)}" fill="#fff" fill-opacity="${(0.25 + 0.7 * bright).toFixed(2)}"/>`;
  }).join('');
}

export function sun(
  { height, unit, lightX, palette, random }: Canvas,
  horizon: number,
  striped: boolean,
): string {
  const x = lightX;
  const radius = unit * (striped ? 190 : random.between(55, 95));
  const y = striped ? horizon - radius * 0.55 : horizon - height * random.between(0.06, 0.3);
  const glow = radius * 6;
  const stripes = striped
    ? [0.05, 0.3, 0.5, 0.67, 0.82]
        .map(
          (at, index) =>
            `<rect x="${n(x - radius)}" y="${n(y + at * radius)}" width="${n(radius * 2)}" height="${n(radius * (0.03 + index * 0.015))}" fill="${palette.sky[2]}"/>`,
        )
        .join('')
    : '';
  const face = striped ? `url(#disc)` : palette.light;
  return (
    `<defs><radialGradient id="glow"><stop offset="0" stop-color="${palette.light}" stop-opacity=".85"/><stop offset=".25" stop-color="${palette.light}" stop-opacity=".32"/>` +
    `<stop offset="1" stop-color="${palette.light}" stop-opacity="0"/></radialGradient><linearGradient id="disc" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${palette.light}"/><stop offset="1" stop-color="${palette.sky[3]}"/></linearGradient></defs>` +
    `<circle cx="${n(x)}" cy="${n(y)}" r="${n(glow)}" fill="url(#glow)" fill-opacity="${palette.night ? 0.45 : 0.8}"/>` +
    `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${face}"/>${stripes}`
  );
}

/** Long lens-shaped streaks, lit from below. */
export function clouds({ width, unit, palette, random }: Canvas, horizon: number): string {
  return Array.from({ length: random.integer(5, 9) }, () => {
    const y = horizon * random.between(0.12, 0.85);
    const x = random.between(-0.1, 1) * width;
    const long = unit * random.between(160, 520);
    const thick = unit * random.between(5, 20);
    const colour = mix(palette.sky[3], palette.sky[1], random.between(0, 0.6));
    const lens = (dx: number, dy: number, length: number, height: number): string =>
      `<path d="M${n(x + dx)} ${n(y + dy)}q${n(length / 2)} ${n(-height * 2)} ${n(length)} 0q${n(-length / 2)} ${n(height * 0.9)} ${n(-length)} 0Z"/>`;
    return `<g fill="${colour}" fill-opacity="${palette.night ? 0.16 : 0.5}">${lens(0, 0, long, thick)}${lens(long * 0.25, thick * 0.9, long * 0.9, thick * 0.7)}${lens(-long * 0.15, thick * 1.6, long * 0.6, thick * 0.5)}</g>`;
  }).join('');
}

/** A lake or sea from `top` down: graded, glittering under the light, with swells in front. */
export function water({ width, height, unit, lightX, palette, random }: Canvas, top: number): string {
  const depth = height - top;
  const x = lightX;
  const glitter = Array.from({ length: 90 }, () => {
    const away = random.next() ** 1.3;
    const reach = unit * (30 + 260 * away);
    const long = unit * random.between(6, 30 + 70 * away);
    return `<ellipse cx="${n(x + random.between(-1, 1) * reach)}" cy="${n(top + away * depth)}" rx="${n(long)}" ry="${n(unit * (0.8 + 2.6 * away))}" fill="${palette.light}" fill-opacity="${(0.55 * (1 - away * 0.7)).toFixed(2)}"/>`;
  }).join('');
  const swells = Array.from({ length: 4 }, (_, index) => {
    const y = top + depth * (0.35 + index * 0.18);
    const length = width / (2 + random.next() * 3);
    const tall = unit * (6 + index * 7);
    const shift = random.next() * length;
    const repeats = Math.ceil((width + length) / length) + 1;
    const crest = Array.from(
      { length: repeats },
      () => `q${n(length / 4)} ${n(-tall)} ${n(length / 2)} 0t${n(length / 2)} 0`,
    ).join('');
    return `<path d="M${n(-shift)} ${n(y)}${crest}V${height}H${n(-shift)}Z" fill="${mix(palette.water[0], palette.water[1], 0.45 + index * 0.18)}" fill-opacity=".42"/>`;
  }).join('');
  return (
    `<defs><linearGradient id="water" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${palette.water[0]}"/><stop offset="1" stop-color="${palette.water[1]}"/></linearGradient></defs>` +
    `<rect x="0" y="${n(top)}" width="${width}" height="${n(depth)}" fill="url(#water)"/>${glitter}${swells}`
  );
}

export function forest({ width, height, unit, palette, random }: Canvas, horizon: number): string {
  return [0.35, 0.65, 1]
    .map((depth, row) => {
      const base = horizon + (height - horizon) * (0.3 + row * 0.32);
      const colour = mix(palette.far, palette.near, depth);
      const size = unit * (90 + row * 95);
      let x = -size;
      let trees = '';
      while (x < width + size) {
        trees += conifer(x, base + random.between(-0.1, 0.15) * size, size * random.between(0.7, 1.35));
        x += size * random.between(0.22, 0.5);
      }
      return `<g fill="${colour}"><rect x="0" y="${n(base)}" width="${width}" height="${n(height - base)}"/>${trees}</g>`;
    })
    .join('');
}

function conifer(x: number, base: number, tall: number): string {
  const tiers = [0, 1, 2, 3].map((tier) => {
    const tip = base - tall * (1 - tier * 0.2);
    const foot = base - tall * (0.58 - tier * 0.19);
    const half = tall * (0.1 + tier * 0.06);
    return `M${n(x)} ${n(tip)}L${n(x + half)} ${n(foot)}L${n(x - half)} ${n(foot)}Z`;
  });
  return `<path d="${tiers.join('')}"/>`;
}

export function city({ width, height, unit, palette, random }: Canvas, horizon: number): string {
  return [0.3, 0.62, 1]
    .map((depth, row) => {
      const base = horizon + (height - horizon) * (0.25 + row * 0.3);
      const colour = mix(palette.far, palette.near, depth);
      let x = -unit * 40;
      let blocks = '';
      while (x < width) {
        const wide = unit * random.between(45, 95) * (0.8 + row * 0.35);
        const tall = unit * random.between(120, 430) * (1.05 - row * 0.12) * (random.next() < 0.15 ? 1.5 : 1);
        blocks += tower(
          random,
          x,
          base - tall,
          wide,
          height - base + tall,
          unit * (0.8 + row * 0.45),
          colour,
          palette,
          row,
        );
        x += wide + unit * random.between(0, 8);
      }
      return blocks;
    })
    .join('');
}

function tower(
  random: Random,
  x: number,
  y: number,
  wide: number,
  tall: number,
  unit: number,
  colour: string,
  palette: Palette,
  row: number,
): string {
  const roof = random.pick(['', 'mast', 'slope', 'step'] as const);
  const top =
    roof === 'mast'
      ? `M${n(x + wide / 2 - unit)} ${n(y)}v${n(-unit * 60)}h${n(unit * 2)}v${n(unit * 60)}Z`
      : roof === 'slope'
        ? `M${n(x)} ${n(y)}l${n(wide)} ${n(-wide * 0.4)}v${n(wide * 0.4)}Z`
        : roof === 'step'
          ? `M${n(x + wide * 0.2)} ${n(y)}v${n(-unit * 24)}h${n(wide * 0.6)}v${n(unit * 24)}Z`
          : '';
  let windows = '';
  const step = unit * 15;
  const lit = palette.night ? 0.42 : 0.2;
  const bright = [palette.accent, palette.light, palette.sky[3]] as const;
  for (let wy = y + step; wy < y + Math.min(tall, unit * 520); wy += step * 1.25) {
    for (let wx = x + step * 0.7; wx < x + wide - step * 0.8; wx += step) {
      if (random.next() < lit)
        windows += `<rect x="${n(wx)}" y="${n(wy)}" width="${n(step * 0.5)}" height="${n(step * 0.62)}" fill="${random.pick(bright)}" fill-opacity="${(0.4 + row * 0.25).toFixed(2)}"/>`;
    }
  }
  return `<path d="M${n(x)} ${n(y)}h${n(wide)}v${n(tall)}h${n(-wide)}Z${top}" fill="${colour}"/>${windows}`;
}

/** A floor of light lines running to the horizon. */
export function grid({ width, height, unit, palette }: Canvas, horizon: number): string {
  const depth = height - horizon;
  const rows = Array.from({ length: 14 }, (_, index) => horizon + depth * (index / 13) ** 2.2);
  const columns = Array.from({ length: 31 }, (_, index) => index - 15);
  const lines =
    rows.map((y) => `M0 ${n(y)}H${width}`).join('') +
    columns
      .map(
        (column) =>
          `M${n(width / 2 + column * unit * 18)} ${n(horizon)}L${n(width / 2 + column * unit * 190)} ${height}`,
      )
      .join('');
  return (
    `<rect x="0" y="${n(horizon)}" width="${width}" height="${n(depth)}" fill="${palette.near}"/>` +
    `<path d="${lines}" stroke="${palette.accent}" stroke-opacity=".25" stroke-width="${n(unit * 6)}" fill="none"/>` +
    `<path d="${lines}" stroke="${palette.accent}" stroke-opacity=".9" stroke-width="${n(unit * 1.6)}" fill="none"/>`
  );
}
