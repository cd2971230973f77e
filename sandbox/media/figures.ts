import { mix, type Palette } from './palette';
import { n, type Canvas } from './scene-elements';

/** Where figures stand: the scene, its horizon, and a place from the left that the seed chose. */
interface Stage extends Canvas {
  readonly horizon: number;
  readonly x: number;
}

interface Figure {
  readonly word: RegExp;
  readonly draw: (stage: Stage) => string;
}

/** Things that a prompt names and that a few flat shapes can show. Shapes are drawn around 0/0, about 100 units tall. */
const figures: readonly Figure[] = [
  { word: /\bbirds?\b|gull|eagle|crow\b|flock/i, draw: birds },
  { word: /\bpalm|tropic|island|beach/i, draw: palms },
  {
    word: /\bboat|\bship\b|sail|yacht/i,
    draw: (stage) => at(stage, stage.x, onWater(stage, 0.22), 1.5, boat(stage.palette)),
  },
  {
    word: /lighthouse/i,
    draw: (stage) => at(stage, stage.width * 0.8, onWater(stage, 0.1), 1.5, lighthouse(stage.palette)),
  },
  { word: /balloon/i, draw: balloons },
  {
    word: /castle|palace|fortress/i,
    draw: (stage) => at(stage, stage.x, stage.height * 0.74, 1.9, castle(stage.palette)),
  },
  {
    word: /\bhouse|cabin|cottage|village|\bhome\b/i,
    draw: (stage) => at(stage, stage.x, stage.height * 0.8, 1.5, house(stage.palette)),
  },
  {
    word: /rocket|spaceship|launch/i,
    draw: (stage) => at(stage, stage.x, stage.horizon * 0.55, 1.6, rocket(stage.palette)),
  },
  {
    word: /\bcars?\b|vehicle|sports car/i,
    draw: (stage) => at(stage, stage.x, stage.height * 0.82, 1.9, car(stage.palette)),
  },
  {
    word: /robot|android|droid/i,
    draw: (stage) => at(stage, stage.width / 2, stage.height * 0.56, 2.4, robot(stage.palette)),
  },
  { word: /\bfox/i, draw: (stage) => at(stage, stage.width / 2, stage.height * 0.54, 2.3, fox) },
  {
    word: /\bcats?\b|kitten/i,
    draw: (stage) => at(stage, stage.x, stage.height * 0.84, 2, cat(stage.palette)),
  },
  {
    word: /bottle|perfume|cosmetic|serum|product/i,
    draw: (stage) => at(stage, stage.width / 2, stage.height * 0.8, 2.6, bottle(stage.palette)),
  },
  { word: /flower|garden|meadow|blossom|poppy|tulip/i, draw: flowers },
];

/** The figures of a prompt, back to front; a few birds now and then where it names none. */
export function drawFigures(canvas: Canvas, prompt: string, horizon: number): string {
  const { width, random } = canvas;
  const stage: Stage = { ...canvas, horizon, x: width * random.between(0.25, 0.72) };
  const strayBirds = random.next() < 0.35;
  const named = figures.filter(({ word }) => word.test(prompt));
  return (
    (strayBirds && named.length === 0 ? birds(stage) : '') + named.map(({ draw }) => draw(stage)).join('')
  );
}

function at({ unit }: Stage, x: number, y: number, size: number, inner: string): string {
  return `<g transform="translate(${n(x)} ${n(y)}) scale(${(size * unit).toFixed(3)})">${inner}</g>`;
}

function onWater({ horizon, height }: Stage, share: number): number {
  return horizon + (height - horizon) * share;
}

function shape(d: string, fill: string, more = ''): string {
  return `<path d="${d}" fill="${fill}" ${more}/>`;
}

function birds(stage: Stage): string {
  const { random, unit, horizon, palette, x } = stage;
  const wings = shape(
    'M-16 0Q-8 -11 0 0Q8 -11 16 0Q8 -5 0 3Q-8 -5 -16 0Z',
    palette.near,
    'fill-opacity=".8"',
  );
  return Array.from({ length: random.integer(4, 8) }, () =>
    at(
      stage,
      x + random.between(-220, 220) * unit,
      horizon * random.between(0.3, 0.7),
      random.between(0.7, 1.4),
      wings,
    ),
  ).join('');
}

function palms(stage: Stage): string {
  const { palette, width, height } = stage;
  const dark = mix(palette.near, '#000000', 0.35);
  const leaves = [-70, -35, -5, 25, 60]
    .map(
      (angle) =>
        `<path transform="rotate(${angle})" d="M0 0Q40 -34 96 6Q48 -12 0 0Z" fill="${dark}"/><path transform="rotate(${180 + angle}) scale(1 -1)" d="M0 0Q40 -34 96 6Q48 -12 0 0Z" fill="${dark}"/>`,
    )
    .join('');
  const palm = `<path d="M-6 0Q14 -120 44 -214L56 -212Q30 -118 14 0Z" fill="${dark}"/><g transform="translate(50 -212)">${leaves}</g>`;
  return at(stage, width * 0.06, height * 0.98, 2.1, palm) + at(stage, width * 0.16, height, 1.5, palm);
}

function boat({ near, light, accent }: Palette): string {
  return (
    shape('M-46 0H46Q38 22 18 24H-22Q-40 20 -46 0Z', near) +
    shape('M-2 -6V-112Q-52 -60 -44 -6Z', light) +
    shape('M4 -6V-98Q40 -50 42 -6Z', mix(light, accent, 0.5))
  );
}

function lighthouse({ near, light, accent }: Palette): string {
  return (
    `<defs><linearGradient id="beam" x1="1" y1="0" x2="0" y2="0"><stop offset="0" stop-color="${light}" stop-opacity=".7"/><stop offset="1" stop-color="${light}" stop-opacity="0"/></linearGradient></defs>` +
    shape('M0 -193L-520 -290V-110Z', 'url(#beam)') +
    shape('M-120 40Q-60 -18 0 -14Q80 -18 160 40Z', near) +
    shape('M-18 -14L-12 -180H12L18 -14Z', '#f4efe6') +
    shape('M-16.500 -60L-15 -100H15L16.500 -60ZM-13.500 -140L-12.500 -180H12.500L13.500 -140Z', '#c0392b') +
    shape('M-12 -206H12V-180H-12Z', accent) +
    shape('M-16 -206H16L0 -226Z', near)
  );
}

function balloons(stage: Stage): string {
  const places = [
    [0.3, 1.7],
    [0.68, 1.1],
    [0.84, 0.7],
  ] as const;
  return places
    .map(([share, size]) =>
      at(stage, stage.width * share, stage.horizon * (0.72 - size * 0.18), size, balloon(stage.palette)),
    )
    .join('');
}

function balloon({ accent, near }: Palette): string {
  const stripe = (left: number, colour: string): string =>
    shape(
      `M${left * 0.1} 62Q${left * 1.5} -10 ${left * 0.4} -78L${(left + 31) * 0.4} -78Q${(left + 31) * 1.5} -10 ${(left + 31) * 0.1} 62Z`,
      colour,
    );
  return (
    shape('M0 -80C72 -80 78 6 12 64H-12C-78 6 -72 -80 0 -80Z', accent) +
    [stripe(-62, accent), stripe(-31, '#e4572e'), stripe(0, '#f7f0e3'), stripe(31, '#2e86ab')].join('') +
    `<path d="M-9 64L-7 88M9 64L7 88" stroke="${near}" stroke-width="1.500"/><rect x="-9" y="86" width="18" height="15" rx="3" fill="#5b3a24"/>`
  );
}

function castle({ near, accent }: Palette): string {
  const stone = mix(near, '#000000', 0.2);
  const tower = (x: number, tall: number): string =>
    shape(
      `M${x - 14} 0V${-tall}H${x + 14}V0ZM${x - 19} ${-tall}L${x} ${-tall - 46}L${x + 19} ${-tall}Z`,
      stone,
    ) +
    shape(
      `M${x - 4} ${-tall + 30}V${-tall + 20}Q${x} ${-tall + 14} ${x + 4} ${-tall + 20}V${-tall + 30}Z`,
      accent,
    );
  return (
    shape('M-150 60Q-60 -8 0 -6Q80 -8 170 60Z', stone) +
    shape('M-70 0V-62H-60V-72H-48V-62H-36V-72H-24V-62H24V-72H36V-62H48V-72H60V-62H70V0Z', stone) +
    tower(-62, 96) +
    tower(0, 138) +
    tower(58, 110) +
    shape('M-9 0V-22Q0 -34 9 -22V0Z', accent)
  );
}

function house({ near, accent }: Palette): string {
  return (
    shape('M-60 0V-52H60V0ZM-74 -50L0 -108L74 -50ZM30 -110H46V-66H30Z', mix(near, '#000000', 0.25)) +
    shape('M-40 -38H-14V-12H-40ZM14 -38H40V0H14Z', accent)
  );
}

function rocket({ accent, sky }: Palette): string {
  return (
    shape('M-10 60Q0 190 10 60Z', accent) +
    shape('M0 -90Q30 -50 24 40H-24Q-30 -50 0 -90Z', '#f2f2f5') +
    shape('M-24 10L-50 60L-22 44ZM24 10L50 60L22 44ZM-14 -54Q0 -86 14 -54Z', '#d0453a') +
    `<circle cy="-20" r="11" fill="${sky[1]}"/>`
  );
}

function car({ accent, near, light }: Palette): string {
  const wheel = (x: number): string =>
    `<circle cx="${x}" r="17" fill="#111"/><circle cx="${x}" r="8" fill="#888"/>`;
  return (
    shape(
      'M-104 0Q-108 -28 -70 -34Q-44 -66 6 -64Q46 -62 66 -34Q102 -30 104 0Z',
      mix(accent, '#d0302a', 0.6),
    ) +
    shape('M-52 -34Q-36 -56 -4 -55V-34ZM4 -34V-55Q34 -54 50 -34Z', mix(near, light, 0.35)) +
    wheel(-60) +
    wheel(62) +
    shape('M96 -22L240 -34V4L100 -12Z', light, 'fill-opacity=".28"')
  );
}

function robot({ accent, near, sky }: Palette): string {
  const steel = mix('#cfd8e3', sky[1], 0.25);
  const shade = mix(steel, near, 0.45);
  return (
    shape('M-3 -92V-122H3V-92Z', shade) +
    `<circle cy="-126" r="8" fill="${accent}"/>` +
    `<rect x="-56" y="-92" width="112" height="84" rx="22" fill="${steel}"/><rect x="-44" y="-74" width="88" height="44" rx="16" fill="${mix(near, '#000000', 0.3)}"/>` +
    `<circle cx="-20" cy="-52" r="11" fill="${accent}"/><circle cx="20" cy="-52" r="11" fill="${accent}"/>` +
    `<rect x="-64" y="4" width="128" height="112" rx="26" fill="${steel}"/><rect x="-30" y="28" width="60" height="40" rx="10" fill="${shade}"/><circle cy="48" r="11" fill="${accent}"/>` +
    `<rect x="-92" y="14" width="22" height="84" rx="11" fill="${shade}"/><rect x="70" y="14" width="22" height="84" rx="11" fill="${shade}"/><rect x="-14" y="-10" width="28" height="16" fill="${shade}"/>`
  );
}

/** Facing us, in flat facets. */
const fox =
  shape('M-44 24Q-86 120 -74 210H74Q86 120 44 24L0 62Z', '#c9581b') +
  shape('M-24 40L0 62L24 40Q34 110 0 158Q-34 110 -24 40Z', '#fff3e4') +
  shape('M-64 -38L-58 -114L-14 -66ZM64 -38L58 -114L14 -66Z', '#c8541c') +
  shape('M-53 -58L-52 -96L-27 -68ZM53 -58L52 -96L27 -68Z', '#3a1a10') +
  shape('M-66 -42L-14 -68H14L66 -42L0 62Z', '#e8742a') +
  shape('M-66 -42L-22 -20L0 62ZM66 -42L22 -20L0 62Z', '#fff3e4') +
  shape('M-22 -20L0 -52L22 -20L0 62Z', '#d9631f') +
  shape('M-9 46H9L0 62Z', '#2a1410') +
  '<circle cx="-29" cy="-27" r="5.500" fill="#2a1410"/><circle cx="29" cy="-27" r="5.500" fill="#2a1410"/><circle cx="-27" cy="-29" r="1.800" fill="#fff"/><circle cx="31" cy="-29" r="1.800" fill="#fff"/>';

function cat({ near, accent }: Palette): string {
  return (
    shape(
      'M-46 0Q-52 -66 -22 -86L-30 -124L-8 -108Q4 -112 14 -108L34 -124L28 -86Q44 -60 44 0ZM44 -6Q92 -4 84 -56Q82 -70 72 -66Q66 -62 70 -52Q72 -24 44 -26Z',
      mix(near, '#000000', 0.4),
    ) + `<circle cx="-8" cy="-92" r="4" fill="${accent}"/><circle cx="14" cy="-92" r="4" fill="${accent}"/>`
  );
}

function bottle({ accent, light, sky, near }: Palette): string {
  return (
    `<ellipse cy="4" rx="74" ry="12" fill="#000" fill-opacity=".35"/>` +
    `<defs><linearGradient id="glass" x1="0" y1="0" x2="1" y2="0"><stop offset="0" stop-color="${mix(light, accent, 0.4)}"/><stop offset=".35" stop-color="${light}"/><stop offset="1" stop-color="${mix(accent, sky[1], 0.5)}"/></linearGradient></defs>` +
    `<rect x="-46" y="-128" width="92" height="130" rx="14" fill="url(#glass)" fill-opacity=".92"/><rect x="-20" y="-146" width="40" height="20" fill="${mix(near, light, 0.3)}"/><rect x="-26" y="-186" width="52" height="42" rx="6" fill="${mix(near, '#000000', 0.2)}"/>` +
    `<rect x="-28" y="-84" width="56" height="42" fill="#fff" fill-opacity=".82"/><path d="M-18 -70H18M-18 -62H10M-18 -54H14" stroke="${near}" stroke-width="2"/>`
  );
}

function flowers(stage: Stage): string {
  const { random, width, height, palette } = stage;
  return Array.from({ length: 46 }, () => {
    const size = random.between(0.5, 1.5);
    const petals = random.pick([palette.accent, '#ff6f7d', '#ffffff', palette.sky[2]] as const);
    const bloom =
      `<path d="M0 0Q4 20 0 46" stroke="${palette.near}" stroke-width="3" fill="none"/>` +
      `<g fill="${petals}"><circle cx="-7" r="8"/><circle cx="7" r="8"/><circle cy="-8" r="8"/><circle cy="6" r="8"/></g><circle r="5" fill="${palette.light}"/>`;
    return at(stage, random.next() * width, height * (0.78 + 0.16 * size * random.next()), size, bloom);
  }).join('');
}
