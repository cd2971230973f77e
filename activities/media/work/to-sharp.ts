import type { Frame } from 'node-av/lib' with { 'resolution-mode': 'import' };
import sharp from 'sharp';
import type { NodeAv } from '../load-node-av';

/** A decoded frame as a picture; transparency is gone. */
export async function toSharp({ api }: NodeAv, frame: Frame): Promise<sharp.Sharp> {
  const scaler = new api.Scaler();
  try {
    const { width, height } = frame;
    const pixels = await scaler.toBuffer(frame, { format: 'rgb' });
    return sharp(pixels, { raw: { width, height, channels: 3 } });
  } finally {
    scaler.close();
  }
}
