import type { Random } from './random';

/** Colours of a scene, as #rrggbb. `sky` goes from the zenith to the horizon. */
export interface Palette {
  readonly sky: readonly [string, string, string, string];
  readonly light: string;
  readonly far: string;
  readonly near: string;
  readonly water: readonly [string, string];
  readonly accent: string;
  readonly night: boolean;
}

const palettes = {
  sunset: {
    sky: ['#2b1b4d', '#8a2f6b', '#f0674a', '#ffc46b'],
    light: '#fff1c4',
    far: '#b8486a',
    near: '#1c1030',
    water: ['#f58a5a', '#2a1646'],
    accent: '#ffd98a',
    night: false,
  },
  dawn: {
    sky: ['#3f5c8f', '#8aa4c8', '#f3c6bd', '#ffe6c2'],
    light: '#fff8e4',
    far: '#a3a5c4',
    near: '#2a3350',
    water: ['#f2cdbf', '#3d5684'],
    accent: '#ffb199',
    night: false,
  },
  day: {
    sky: ['#1f6fc4', '#57a3e0', '#a9d6f2', '#e8f6f8'],
    light: '#fffbe6',
    far: '#8fb8cf',
    near: '#1d4a3f',
    water: ['#7cc6de', '#12507e'],
    accent: '#ffd24a',
    night: false,
  },
  ocean: {
    sky: ['#0d4f86', '#2f93b8', '#8fd6cf', '#f3f1d0'],
    light: '#fffbe0',
    far: '#5fa8ae',
    near: '#07324a',
    water: ['#6fd0c8', '#06385a'],
    accent: '#ff8f6b',
    night: false,
  },
  forest: {
    sky: ['#2e5a5c', '#6c9a84', '#c6d6a4', '#f6eec4'],
    light: '#fff9d8',
    far: '#85a78c',
    near: '#0f2a21',
    water: ['#a9c8a4', '#1c4a40'],
    accent: '#e8b44a',
    night: false,
  },
  night: {
    sky: ['#050a1f', '#0f1d47', '#24386f', '#4f5f96'],
    light: '#f4f2df',
    far: '#33457c',
    near: '#04071a',
    water: ['#3a4c86', '#050b22'],
    accent: '#ffd27d',
    night: true,
  },
  neon: {
    sky: ['#12002e', '#3a0a6b', '#a3168f', '#ff5fa8'],
    light: '#ffe08a',
    far: '#7a1c9c',
    near: '#0b0222',
    water: ['#c42a9e', '#10033a'],
    accent: '#2bf0ff',
    night: true,
  },
  gold: {
    sky: ['#4a2c12', '#a0661c', '#e6ac3c', '#fff0b8'],
    light: '#fffbe0',
    far: '#c48a34',
    near: '#2e1a0a',
    water: ['#f0c566', '#5a3612'],
    accent: '#fff2b0',
    night: false,
  },
  winter: {
    sky: ['#5a7fa8', '#93b4d0', '#d2e0ea', '#fbf3ee'],
    light: '#ffffff',
    far: '#b6c8da',
    near: '#2c4560',
    water: ['#d6e4ee', '#47688a'],
    accent: '#f0746a',
    night: false,
  },
  desert: {
    sky: ['#2f6f9e', '#86b3bd', '#f2cf9b', '#ffe9c0'],
    light: '#fff7da',
    far: '#e0a468',
    near: '#7a3a1e',
    water: ['#e8bd86', '#8a4a28'],
    accent: '#fff0c0',
    night: false,
  },
  rose: {
    sky: ['#4d2f63', '#a3608f', '#eba3b0', '#ffe1d6'],
    light: '#fff4ee',
    far: '#c487a8',
    near: '#321c40',
    water: ['#f0b4bc', '#5a3468'],
    accent: '#fff0a8',
    night: false,
  },
  ember: {
    sky: ['#1a0d12', '#5a141a', '#c43a1c', '#ff9a3c'],
    light: '#ffe6a8',
    far: '#8a2a22',
    near: '#12070a',
    water: ['#d6521e', '#2a0a0e'],
    accent: '#ffc24a',
    night: true,
  },
} as const satisfies Record<string, Palette>;

export type PaletteName = keyof typeof palettes;

/** The first group with a word of the prompt wins, so the order is from the particular to the general. */
const words: readonly (readonly [PaletteName, RegExp])[] = [
  ['neon', /neon|cyber|synthwave|vaporwave|futur|hologra|arcade|glow(?!ing sun)/i],
  ['sunset', /sunset|dusk|evening|golden hour|twilight|sundown/i],
  ['dawn', /dawn|sunrise|morning|pastel|soft|mist|fog/i],
  ['ember', /fire|lava|volcan|ember|flame|dragon|mars\b|inferno/i],
  ['night', /night|midnight|moon|star|space|galax|cosm|dark|noir|aurora/i],
  ['winter', /snow|winter|ice|arctic|frost|glacier|white/i],
  ['desert', /desert|dune|sahara|canyon|savanna|camel|sand\b/i],
  ['gold', /gold(?!en hour)|luxur|amber|autumn|honey|wheat|harvest|royal|coffee|brown|wood/i],
  ['rose', /rose|pink|cherry|blossom|romant|love|magenta|perfume|lavender|purple|violet/i],
  ['ocean', /ocean|sea\b|beach|wave|coral|reef|island|water|lake|river|surf|sail|boat|ship|turquoise|teal/i],
  ['forest', /forest|tree|jungle|wood|green|garden|leaf|moss|plant|nature|fox|deer/i],
  ['day', /day|sky|summer|spring|meadow|field|mountain|blue|bright|sunny|balloon/i],
];

const quiet: readonly [PaletteName, ...PaletteName[]] = [
  'sunset',
  'dawn',
  'day',
  'rose',
  'gold',
  'forest',
  'ocean',
];

export function choosePalette(prompt: string, random: Random): Palette {
  const drawn = random.pick(quiet);
  const named = words.find(([, pattern]) => pattern.test(prompt))?.[0];
  return palettes[named ?? drawn];
}

/** Colour between two #rrggbb colours; 0 is the first. */
export function mix(from: string, to: string, share: number): string {
  const channel = (colour: string, at: number): number => parseInt(colour.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map((at) => Math.round(channel(from, at) * (1 - share) + channel(to, at) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
