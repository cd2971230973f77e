import sharp from 'sharp';
import { sha256 } from '../core/canonical-json';
import { SourceError } from './recipe';

/** What a model could know of a picture that it was shown. */
export interface Sight {
  /** SHA-256 of the bytes. */
  readonly sha256: string;
  /** What the sandbox itself put into it, where it made it. */
  readonly content?: string;
  /** The colour that most of it has. */
  readonly colour: string;
  /** 0 for an empty sheet to 1 for a picture full of detail. */
  readonly detail: number;
}

const colours: readonly (readonly [name: string, red: number, green: number, blue: number])[] = [
  ['black', 10, 10, 10],
  ['white', 245, 245, 245],
  ['grey', 128, 128, 128],
  ['red', 190, 40, 40],
  ['orange', 230, 140, 40],
  ['yellow', 235, 220, 70],
  ['green', 60, 150, 70],
  ['turquoise', 60, 180, 180],
  ['blue', 40, 80, 190],
  ['violet', 120, 60, 170],
  ['pink', 230, 130, 180],
  ['brown', 110, 75, 45],
];

/** @throws SourceError when the bytes are no picture. */
export async function lookAt(source: string, bytes: Buffer, content?: string): Promise<Sight> {
  try {
    const { dominant, entropy } = await sharp(bytes).stats();
    return {
      sha256: sha256(bytes),
      content,
      colour: nearestColour(dominant),
      detail: Math.min(1, entropy / 7.5),
    };
  } catch {
    throw new SourceError(source.slice(0, 40), 'decode', 'not a picture that can be read');
  }
}

function nearestColour({ r, g, b }: { r: number; g: number; b: number }): string {
  const far = (red: number, green: number, blue: number): number =>
    (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
  const [nearest] = [...colours].sort(([, ...left], [, ...right]) => far(...left) - far(...right));
  return nearest?.[0] ?? 'grey';
}
