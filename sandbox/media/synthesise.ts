import { Random } from './random';

/** Samples a second of everything that is synthesised here: 16 bits, mono. */
export const SAMPLE_RATE = 22_050;

/** A sound, or a piece of music, that its words and seed decide. */
export interface Composition {
  readonly prompt: string;
  readonly seed: number;
  readonly style: 'effect' | 'music';
  readonly seconds: number;
}

/** 16-bit mono at SAMPLE_RATE, faded in and out. */
export function synthesise({ prompt, seed, style, seconds }: Composition): Buffer {
  const random = new Random(`${style}/${prompt}/${seed}`);
  const count = Math.max(1, Math.round(seconds * SAMPLE_RATE));
  const loop = style === 'music' ? musicLoop(prompt, random) : undefined;
  const tone = loop === undefined ? effectOf(prompt, random, seconds) : undefined;
  const samples = Buffer.alloc(count * 2);
  const fade = Math.min(count / 4, SAMPLE_RATE * (style === 'music' ? 0.4 : 0.02));
  for (let at = 0; at < count; at += 1) {
    const level = loop === undefined ? (tone?.(at / SAMPLE_RATE) ?? 0) : (loop[at % loop.length] ?? 0);
    const edge = Math.min(1, (at + 1) / fade, (count - at) / fade);
    samples.writeInt16LE(Math.round(Math.max(-1, Math.min(1, level)) * edge * 26_000), at * 2);
  }
  return samples;
}

type Tone = (time: number) => number;

interface Timbre {
  readonly words: RegExp;
  readonly make: (random: Random, seconds: number) => Tone;
}

/** How things sound, by the words that name them; the first that fits counts. */
const TIMBRES: readonly Timbre[] = [
  { words: /rain|wind|wave|sea|ocean|storm|river|crowd|applause|static|fire|forest/i, make: rushing },
  { words: /bell|chime|ding|gong|glass|coin|crystal/i, make: ringing },
  { words: /explo|impact|braam|thunder|boom|crash|drum|hit|slam/i, make: booming },
  { words: /step|knock|clap|click|typ|tick|clock|horse/i, make: knocking },
  { words: /laser|beep|alarm|siren|zap|whoosh|sweep|robot|phone/i, make: sweeping },
];

function effectOf(prompt: string, random: Random, seconds: number): Tone {
  const known = TIMBRES.find(({ words }) => words.test(prompt));
  const make = known?.make ?? random.pick([rushing, ringing, booming, knocking, sweeping]);
  return make(random, seconds);
}

function rushing(random: Random): Tone {
  const swell = random.between(0.2, 0.7);
  let low = 0;
  return (time) => {
    low += (random.next() * 2 - 1 - low) * 0.18;
    return low * (0.8 + 0.5 * Math.sin(2 * Math.PI * swell * time));
  };
}

function ringing(random: Random, seconds: number): Tone {
  const base = random.between(420, 880);
  const every = Math.max(0.8, seconds / 3);
  return (time) => {
    const since = time % every;
    const partials = [1, 2.76, 5.4].map(
      (ratio, index) => Math.sin(2 * Math.PI * base * ratio * since) / (index + 1),
    );
    return (partials.reduce((sum, partial) => sum + partial, 0) * Math.exp(-3 * since)) / 1.6;
  };
}

function booming(random: Random, seconds: number): Tone {
  const base = random.between(70, 120);
  const every = Math.max(1.5, seconds);
  return (time) => {
    const since = time % every;
    const body = Math.sin(2 * Math.PI * base * since * Math.exp(-0.6 * since));
    return (body * 0.9 + (random.next() * 2 - 1) * 0.5 * Math.exp(-6 * since)) * Math.exp(-1.6 * since);
  };
}

function knocking(random: Random): Tone {
  const every = random.between(0.3, 0.6);
  const base = random.between(180, 420);
  return (time) => {
    const since = time % every;
    return (
      (Math.sin(2 * Math.PI * base * since) * 0.6 + (random.next() * 2 - 1) * 0.5) * Math.exp(-45 * since)
    );
  };
}

function sweeping(random: Random): Tone {
  const [low, high] = [random.between(200, 400), random.between(900, 1_800)];
  const every = random.between(0.5, 1.2);
  let phase = 0;
  return (time) => {
    const share = (time % every) / every;
    phase += (2 * Math.PI * (high + (low - high) * share)) / SAMPLE_RATE;
    return Math.sin(phase) * 0.7 * (1 - share * 0.5);
  };
}

const SCALES = { bright: [0, 2, 4, 5, 7, 9, 11], dark: [0, 2, 3, 5, 7, 8, 10] } as const;
const PROGRESSIONS: readonly [readonly number[], ...(readonly number[])[]] = [
  [0, 4, 5, 3],
  [0, 5, 3, 4],
  [5, 3, 0, 4],
  [0, 3, 5, 4],
];

/** Four bars that repeat: a bass, chords, a melody and a beat; key, tempo and tune come from the words. */
function musicLoop(prompt: string, random: Random): Float32Array {
  const beatsPerMinute = /calm|slow|ambient|sad|lullaby|sleep/i.test(prompt)
    ? random.integer(66, 84)
    : /fast|dance|techno|epic|action|energetic|upbeat/i.test(prompt)
      ? random.integer(122, 138)
      : random.integer(92, 112);
  const scale = /sad|dark|tense|minor|horror|melanchol|epic/i.test(prompt) ? SCALES.dark : SCALES.bright;
  const progression = random.pick(PROGRESSIONS);
  const root = random.integer(45, 56);
  const beat = Math.round((60 / beatsPerMinute) * SAMPLE_RATE);
  const loop = new Float32Array(beat * 16);
  const note = (degree: number): number =>
    root + 12 * Math.floor(degree / 7) + (scale[((degree % 7) + 7) % 7] ?? 0);
  progression.forEach((degree, bar) => {
    const start = bar * beat * 4;
    addNote(loop, start, note(degree) - 12, 0.3, 0.9);
    for (const step of [0, 2, 4]) addNote(loop, start, note(degree + step), 0.12, 1.2);
    for (let half = 0; half < 8; half += 1) {
      if (random.next() < 0.75)
        addNote(loop, start + (half * beat) / 2, note(degree + random.integer(0, 7)) + 12, 0.16, 3.5);
    }
    for (let pulse = 0; pulse < 4; pulse += 1) addBeat(loop, start + pulse * beat, pulse % 2 === 0, random);
  });
  return loop;
}

function addNote(loop: Float32Array, start: number, key: number, level: number, decay: number): void {
  const turn = (2 * Math.PI * 440 * 2 ** ((key - 69) / 12)) / SAMPLE_RATE;
  const length = Math.min(loop.length, Math.round((SAMPLE_RATE * 3) / decay));
  for (let at = 0; at < length; at += 1) {
    const place = (Math.round(start) + at) % loop.length;
    const shape = Math.min(1, at / 120) * Math.exp((-decay * at) / SAMPLE_RATE);
    loop[place] = (loop[place] ?? 0) + level * shape * (Math.sin(turn * at) + 0.3 * Math.sin(2 * turn * at));
  }
}

function addBeat(loop: Float32Array, start: number, isLow: boolean, random: Random): void {
  const length = Math.round(SAMPLE_RATE * 0.12);
  for (let at = 0; at < length; at += 1) {
    const time = at / SAMPLE_RATE;
    const sound = isLow ? Math.sin(2 * Math.PI * 58 * time) * 0.5 : (random.next() * 2 - 1) * 0.18;
    const place = (start + at) % loop.length;
    loop[place] = (loop[place] ?? 0) + sound * Math.exp(-26 * time);
  }
}
