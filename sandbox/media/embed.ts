import { Random } from './random';

/** A unit vector to which each word adds a direction of its own: texts that share words lie close together. */
export function embed(text: string, dimensions: number): number[] {
  const sum = new Float64Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['']) {
    const random = new Random(`embedding/${word}`);
    for (let at = 0; at < dimensions; at += 1) sum[at] = (sum[at] ?? 0) + random.between(-1, 1);
  }
  const length = Math.hypot(...sum) || 1;
  return [...sum].map((value) => value / length);
}
