import { choosePalette, mix, type Palette } from './palette';
import { drawFigures } from './figures';
import { Random } from './random';
import { city, clouds, forest, grid, ridge, stars, sun, water, type Canvas } from './scene-elements';

type Ground = 'mountains' | 'hills' | 'sea' | 'forest' | 'city' | 'dunes' | 'grid';

const grounds: readonly (readonly [Ground, RegExp])[] = [
  ['dunes', /desert|dune|sahara|sand|camel|mars|pyramid/i],
  ['grid', /synthwave|vaporwave|cyber(?!.*city)|hologra|arcade|grid/i],
  [
    'city',
    /city|skyline|street|skyscraper|building|urban|downtown|metropol|tokyo|paris|new york|london|berlin|car\b/i,
  ],
  [
    'sea',
    /ocean|sea\b|beach|wave|coral|island|water|lake|river|surf|sail|boat|ship|harbo|lighthouse|whale|fish/i,
  ],
  ['forest', /forest|tree|jungle|wood|cabin|fox|deer|bear|wolf/i],
  ['mountains', /mountain|peak|alp|snow|valley|canyon|castle|volcan|dragon|eagle/i],
  ['hills', /hill|meadow|field|garden|flower|village|house|farm|vineyard|balloon|horse/i],
];

const anyGround: readonly [Ground, ...Ground[]] = [
  'mountains',
  'hills',
  'sea',
  'forest',
  'dunes',
  'mountains',
  'hills',
];

/** The inside of an SVG picture whose colours, land and figures come from the words of the prompt, the rest from the seed. */
export function drawScene(prompt: string, seed: number, width: number, height: number): string {
  const random = new Random(`${prompt}/${seed}`);
  const palette = choosePalette(prompt, random);
  const drawn = random.pick(anyGround);
  const ground = grounds.find(([, pattern]) => pattern.test(prompt))?.[0] ?? drawn;
  const lightX = width * (ground === 'grid' ? 0.5 : random.between(0.25, 0.75));
  const canvas: Canvas = { width, height, unit: Math.min(width, height) / 1000, lightX, palette, random };
  const horizon = height * random.between(0.54, 0.64);
  return [
    sky(canvas),
    palette.night ? stars(canvas, horizon) : '',
    sun(canvas, horizon, ground === 'grid'),
    ground === 'grid' ? '' : clouds(canvas, horizon),
    land(ground, canvas, horizon),
    drawFigures(canvas, prompt, horizon),
    vignette(canvas),
  ].join('');
}

function sky({ width, height, palette }: Canvas): string {
  const stops = palette.sky.map(
    (colour, index) => `<stop offset="${[0, 0.3, 0.52, 0.66][index]}" stop-color="${colour}"/>`,
  );
  return (
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">${stops.join('')}</linearGradient></defs>` +
    `<rect width="${width}" height="${height}" fill="url(#sky)"/>`
  );
}

function land(ground: Ground, canvas: Canvas, horizon: number): string {
  const { height, random, palette } = canvas;
  switch (ground) {
    case 'sea':
      return (
        ridge(canvas, {
          top: horizon - height * 0.015,
          rise: height * 0.07,
          roughness: 0.55,
          depth: 0.2,
          id: 'far',
        }) + water(canvas, horizon)
      );
    case 'grid':
      return (
        ridge(canvas, { top: horizon, rise: height * 0.13, roughness: 0.75, depth: 0.55, id: 'far' }) +
        grid(canvas, horizon)
      );
    case 'city':
      return city(canvas, horizon);
    case 'forest':
      return layers(canvas, horizon, 2, 0.16, 0.55) + forest(canvas, horizon);
    case 'dunes':
      return layers(canvas, horizon, 5, 0.1, 0.18);
    case 'hills':
      return layers(canvas, horizon, 5, 0.12, 0.3);
    case 'mountains':
      return (
        layers(canvas, horizon, 4, 0.3, 0.62) +
        (random.next() < 0.5 && !/desert/.test(palette.near) ? water({ ...canvas }, height * 0.84) : '')
      );
  }
}

/** Ridges one behind the other: paler and higher in the distance, darker and lower in front. */
function layers(canvas: Canvas, horizon: number, count: number, rise: number, roughness: number): string {
  const { height } = canvas;
  return Array.from({ length: count }, (_, index) => {
    const depth = index / Math.max(1, count - 1);
    return ridge(canvas, {
      top: horizon + (height * 0.9 - horizon) * depth * 0.85,
      rise: height * rise * (1 - depth * 0.55),
      roughness: roughness * (1 - depth * 0.35),
      depth: 0.12 + depth * 0.88,
      id: `layer${index}`,
    });
  }).join('');
}

function vignette({ width, height }: Canvas): string {
  return (
    `<defs><radialGradient id="vignette" cx=".5" cy=".45" r=".8"><stop offset=".55" stop-color="#000" stop-opacity="0"/>` +
    `<stop offset="1" stop-color="#000" stop-opacity=".38"/></radialGradient></defs><rect width="${width}" height="${height}" fill="url(#vignette)"/>`
  );
}

/** Two colours of the scene, for what is drawn on top of given pictures. */
export function tintsFor(prompt: string, seed: number): readonly [string, string] {
  const palette: Palette = choosePalette(prompt, new Random(`${prompt}/${seed}`));
  return [palette.sky[1], mix(palette.light, palette.sky[3], 0.5)];
}
