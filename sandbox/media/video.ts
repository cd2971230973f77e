import type { Sharp } from 'sharp';
import type { View } from './camera-move';
import type { MediaResult, RawPicture, Soundtrack, VideoTask } from './media-task';
import { makePicture } from './picture';
import { openPicture } from './picture-file';
import { Random } from './random';
import { readSource } from './read-source';
import type { ClipRecipe, Made, VideoRecipe } from './recipe';
import { runMediaTask } from './run-media-task';
import { runOnSource } from './run-on-source';
import { sizeOf, type Size } from './sizes';

/** Frames a second of clips that are made from others. */
const remadeFrameRate = 12;
/** Pixels of a frame, whatever the ratio: 5 s of them cost about a second of one core. */
const area = 960 * 540;
/** How much larger than the clip the picture is kept, so that a close view is still sharp. */
const reserve = 1.2;

/** A clip that travels over the given picture, or over one made from the prompt. */
export async function makeVideo(recipe: VideoRecipe, frameRateMax: number): Promise<Made> {
  const { end, seconds, audio, hasAmbience = false } = recipe;
  const { image, ratio } = await startingPicture(recipe);
  const { width, height } = clipSize(ratio, recipe.lines);
  const large = { width: even(width * reserve), height: even(height * reserve) };
  const endPicture = end === undefined ? undefined : await rawPicture((await openPicture(end)).image, large);
  const [from, to] = journey(recipe);
  const frameRate = Math.min(frameRateMax, frameRateFor(width * height));
  const task: VideoTask = {
    kind: 'video',
    picture: await rawPicture(image, large),
    endPicture,
    width,
    height,
    frameRate,
    frames: seconds === undefined ? undefined : Math.round(seconds * frameRate),
    from,
    to,
    sound: await soundtrack(recipe, audio, hasAmbience),
  };
  return asClip(await (audio === undefined ? runMediaTask(task) : runOnSource(audio, task)));
}

/** A given clip, made anew as asked. */
export async function remakeVideo(recipe: ClipRecipe, frameRateMax: number): Promise<Made> {
  const { source, scale, lines, tailSeconds, isCutOut, audio, hasAmbience = false } = recipe;
  const clip = await readSource(source);
  const sound = await soundtrack(recipe, audio, hasAmbience);
  const task = {
    kind: 'clip',
    clip,
    frameRate: Math.min(frameRateMax, remadeFrameRate),
    scale,
    lines,
    tailSeconds,
    isCutOut,
    sound,
  } as const;
  return asClip(await runOnSource(source, task));
}

function asClip({ bytes, durationSeconds, width, height }: MediaResult): Made {
  return {
    bytes: Buffer.from(bytes),
    contentType: 'video/mp4',
    extension: 'mp4',
    width,
    height,
    durationSeconds,
  };
}

async function soundtrack(
  { prompt, seed }: Pick<VideoRecipe, 'prompt' | 'seed'>,
  audio: string | undefined,
  hasAmbience: boolean,
): Promise<Soundtrack | undefined> {
  if (audio !== undefined) return { kind: 'given', bytes: await readSource(audio) };
  return hasAmbience ? { kind: 'made', prompt, seed } : undefined;
}

/** Sides in even steps; the short one has the asked lines. */
function clipSize(ratio: number, lines: number | undefined): Size {
  if (lines === undefined) return sizeOf(`${ratio}:1`, area);
  return ratio >= 1
    ? { width: even(lines * ratio), height: even(lines) }
    : { width: even(lines), height: even(lines / ratio) };
}

/** Large clips take their time to draw: they are given fewer frames, not fewer pixels. */
function frameRateFor(pixels: number): number {
  return pixels <= area * 1.1 ? 24 : pixels <= 1_000_000 ? 12 : pixels <= 2_500_000 ? 8 : 4;
}

async function rawPicture(image: Sharp, { width, height }: Size): Promise<RawPicture> {
  const rgb = await image
    .resize(width, height, { fit: 'cover' })
    .flatten()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer();
  return { rgb, width, height };
}

async function startingPicture({ source, prompt, seed, label, aspect = 16 / 9 }: VideoRecipe) {
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
