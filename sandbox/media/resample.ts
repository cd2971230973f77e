/** Straight lines between samples: good enough for a synthetic voice. */
export function resampled(samples: Buffer, from: number, to: number): Buffer {
  const count = Math.floor(((samples.length / 2) * to) / from);
  const out = Buffer.alloc(count * 2);
  const last = samples.length / 2 - 1;
  for (let index = 0; index < count; index += 1) {
    const place = (index * from) / to;
    const left = Math.min(last, Math.floor(place));
    const here = samples.readInt16LE(left * 2);
    const next = samples.readInt16LE(Math.min(last, left + 1) * 2);
    out.writeInt16LE(Math.round(here + (next - here) * (place - left)), index * 2);
  }
  return out;
}
