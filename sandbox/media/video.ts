import { makePicture, openPicture } from './picture';
import { Random } from './random';
import type { Made, VideoRecipe } from './recipe';
import { runMediaTask } from './run-media-task';
import type { View } from './camera-move';
import { sizeOf } from './sizes';

const frameRate = 24;
/** Pixels of a frame, whatever the ratio: 5 s of them cost about a second of one core. */
const area = 960 * 540;
/** How much larger than the clip the picture is kept, so that a close view is still sharp. */
const reserve = 1.2;

/** A clip that travels over the given picture, or over one made from the prompt. */
export async function makeVideo(recipe: VideoRecipe): Promise<Made> {
  const { image, ratio } = await startingPicture(recipe);
  const { width, height } = sizeOf(`${ratio}:1`, area);
  const large = { width: even(width * reserve), height: even(height * reserve) };
  const rgb = await image
    .resize(large.width, large.height, { fit: 'cover' })
    .flatten()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  const [from, to] = journey(recipe);
  const { bytes, durationSeconds } = await runMediaTask({
    kind: 'video',
    picture: { rgb, ...large },
    width,
    height,
    frameRate,
    frames: Math.round(recipe.seconds * frameRate),
    from,
    to,
  });
  return {
    bytes: Buffer.from(bytes),
    contentType: 'video/mp4',
    extension: 'mp4',
    width,
    height,
    durationSeconds,
  };
}

async function startingPicture({ source, prompt, seed, label, aspect }: VideoRecipe) {
  if (source !== undefined) {
    const { image, width, height } = await openPicture(source);
    return { image, ratio: width / height };
  }
  const size = sizeOf(`${aspect}:1`, 1024 * 1024);
  const { bytes } = await makePicture({ kind: 'picture', prompt, seed, label, ...size, format: 'png' });
  const { image } = await openPicture(`data:image/png;base64,${bytes.toString('base64')}`);
  return { image, ratio: aspect };
}

/** Where the camera begins and ends; words of the prompt steer it, else the seed. */
function journey({ prompt, seed }: VideoRecipe): [View, View] {
  const random = new Random(`${prompt}/${seed}`);
  const whole: View = { x: 0.5, y: 0.5, share: 1 };
  const close: View = { x: random.between(0.42, 0.58), y: random.between(0.4, 0.52), share: 0.74 };
  const left: View = { x: 0.42, y: 0.5, share: 0.84 };
  const right: View = { x: 0.58, y: 0.5, share: 0.84 };
  if (/zoom(s|ing)? out|pull(s|ing)? (back|out)|reveal/i.test(prompt)) return [close, whole];
  if (/zoom|push|dolly|closer/i.test(prompt)) return [whole, close];
  if (/pan(s|ning)? left/i.test(prompt)) return [right, left];
  if (/pan|track|orbit|drift|fly|aerial/i.test(prompt)) return [left, right];
  return random.pick([
    [whole, close],
    [close, whole],
    [left, { ...close, x: 0.58 }],
    [right, { ...close, x: 0.42 }],
  ]);
}

function even(value: number): number {
  return Math.round(value / 2) * 2;
}
