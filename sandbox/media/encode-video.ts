import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleView, toPlanes, type Plane, type View } from './camera-move';
import { cutOutFrame } from './cut-out-frame';
import { addSoundTrack, decodeSound, secondsOf, withFolder } from './encode-sound';
import { loadNodeAv } from './load-node-av';
import type { ClipTask, MediaResult, RawPicture, Soundtrack, VideoTask } from './media-task';
import { SAMPLE_RATE, synthesise } from './synthesise';

/** Longest clip, whatever the length of the sound it is made for, seconds. */
const secondsMax = 60;

/** H.264 in MP4, playable while it loads: the camera moves over the picture, easing in and out. */
export async function encodeVideo(task: VideoTask): Promise<MediaResult> {
  const { width, height, frameRate, sound } = task;
  const given = sound?.kind === 'given' ? await decodeSound(sound.bytes) : undefined;
  const frames = task.frames ?? Math.ceil(Math.min(secondsMax, given ? secondsOf(given) : 0) * frameRate);
  if (frames === 0) throw new Error('the given sound is empty');
  const scene = { ...task, start: planesOf(task.picture), end: task.endPicture && planesOf(task.endPicture) };
  const drawn = function* (): Generator<Buffer> {
    for (let index = 0; index < frames; index += 1) yield drawFrame(scene, index, frames);
  };
  const heard = sound && ((seconds: number) => soundFor(sound, given, seconds));
  return writeClip(drawn(), { width, height, frameRate }, heard);
}

/** A given clip, made anew. */
export async function remakeClip(task: ClipTask): Promise<MediaResult> {
  const given = await decodeSound(task.sound?.kind === 'given' ? task.sound.bytes : task.clip);
  const sound = task.sound ?? (given.length > 0 ? ({ kind: 'given' } as const) : undefined);
  return withFolder(async (folder) => {
    const path = join(folder, 'given.mp4');
    await writeFile(path, task.clip);
    const { api } = await loadNodeAv();
    const demuxer = await api.Demuxer.open(path, { options: { protocol_whitelist: 'file' } });
    try {
      const stream = demuxer.video();
      if (stream === undefined) throw new Error('the given file has no pictures');
      const form = { ...sizeFor(task, stream.codecpar), frameRate: task.frameRate };
      const decoder = await api.Decoder.create(stream);
      const decoded = decoder.frames(demuxer.packets(stream.index));
      const filter = api.FilterAPI.create(
        `fps=${form.frameRate},scale=${form.width}:${form.height},format=yuv420p`,
      );
      const heard = sound && ((seconds: number) => soundFor(sound, given, seconds));
      return await writeClip(remade(task, filter.frames(decoded), form), form, heard);
    } finally {
      await demuxer.close();
    }
  });
}

function sizeFor(
  { lines, scale = 1 }: ClipTask,
  { width, height }: { readonly width: number; readonly height: number },
) {
  const factor = lines === undefined ? scale : lines / Math.min(width, height);
  return { width: even(width * factor), height: even(height * factor) };
}

/** The clip's frames, changed as asked; the last one goes on for the tail. */
async function* remade(
  { tailSeconds = 0, isCutOut = false }: ClipTask,
  frames: AsyncIterable<{ readonly toBuffer: () => Buffer; readonly free: () => void } | null>,
  { width, height, frameRate }: ClipForm,
): AsyncGenerator<Buffer> {
  let count = 0;
  let last: Buffer | undefined;
  for await (const frame of frames) {
    if (frame === null) continue;
    const data = Buffer.from(frame.toBuffer());
    frame.free();
    if (count >= secondsMax * frameRate) continue;
    last = isCutOut ? cutOutFrame(data, width, height) : data;
    buffers[count % bufferCount] = last;
    count += 1;
    yield last;
  }
  if (last === undefined) throw new Error('the given clip has no frames');
  for (let index = 0; index < Math.round(tailSeconds * frameRate); index += 1) yield last;
}

/** As long as the clip: cut off, or silent at its end. */
function soundFor(
  sound: Pick<Soundtrack, 'kind'> | Soundtrack,
  given: Buffer | undefined,
  seconds: number,
): Buffer {
  if ('prompt' in sound)
    return synthesise({ prompt: sound.prompt, seed: sound.seed, style: 'effect', seconds });
  const fitting = Buffer.alloc(Math.round(seconds * SAMPLE_RATE) * 2);
  given?.copy(fitting);
  return fitting;
}

interface ClipForm {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
}

async function writeClip(
  frames: Iterable<Buffer> | AsyncIterable<Buffer>,
  { width, height, frameRate }: ClipForm,
  heard: ((seconds: number) => Buffer) | undefined,
): Promise<MediaResult> {
  const nodeAv = await loadNodeAv();
  const { api, lib, constants } = nodeAv;
  return withFolder(async (folder) => {
    const path = join(folder, 'clip.mp4');
    const muxer = await api.Muxer.open(path, { options: { movflags: '+faststart' } });
    const encoder = await api.Encoder.create(constants.FF_ENCODER_LIBX264, {
      context: { gopSize: frameRate * 2, threadCount: 2 },
      options: { preset: 'veryfast', crf: 23 },
    });
    const stream = muxer.addStream(encoder);
    const track = heard && (await addSoundTrack(nodeAv, muxer, 'aac'));
    const format = constants.AV_PIX_FMT_YUV420P;
    let count = 0;
    for await (const data of frames) {
      const facts = { width, height, format, timeBase: { num: 1, den: frameRate }, pts: BigInt(count) };
      const frame = lib.Frame.fromVideoBuffer(data, facts);
      for await (const packet of encoder.packets(frame)) await muxer.writePacket(packet, stream);
      frame.free();
      count += 1;
    }
    for await (const packet of encoder.flushPackets()) await muxer.writePacket(packet, stream);
    const durationSeconds = count / frameRate;
    if (heard) await track?.write(heard(durationSeconds));
    await muxer.close();
    return { bytes: await readFile(path), durationSeconds, width, height };
  });
}

function even(side: number): number {
  return Math.max(2, Math.round(side / 2) * 2);
}

/**
 * node-av's frames point into the Buffer they were made from without holding it (6.1.1): one that was collected
 * before x264 had read it ends the process. So frames are drawn into these few, which stay.
 */
const buffers: Buffer[] = [];
const bufferCount = 8;

type Planes = readonly [Plane, Plane, Plane];
type Scene = VideoTask & { readonly start: Planes; readonly end?: Planes };

function planesOf({ rgb, width, height }: RawPicture): Planes {
  return toPlanes(rgb, width, height);
}

function drawFrame({ start, end, width, height, from, to }: Scene, index: number, frames: number): Buffer {
  const time = frames < 2 ? 0 : index / (frames - 1);
  const eased = time * time * (3 - 2 * time);
  const between = (first: number, last: number): number => first + (last - first) * eased;
  const view = { x: between(from.x, to.x), y: between(from.y, to.y), share: between(from.share, to.share) };
  const frame = (buffers[index % bufferCount] ??= Buffer.alloc((width * height * 3) / 2));
  drawView(start, view, frame, width, height);
  if (end !== undefined && eased > 0) {
    const over = Buffer.alloc(frame.length);
    drawView(end, { x: 0.5, y: 0.5, share: 1 }, over, width, height);
    for (let at = 0; at < frame.length; at += 1)
      frame[at] = (frame[at] ?? 0) * (1 - eased) + (over[at] ?? 0) * eased;
  }
  return frame;
}

function drawView(planes: Planes, view: View, frame: Buffer, width: number, height: number): void {
  const whole = width * height;
  const [luma, blue, red] = planes;
  sampleView(luma, view, frame.subarray(0, whole), width, height);
  sampleView(blue, view, frame.subarray(whole, whole * 1.25), width / 2, height / 2);
  sampleView(red, view, frame.subarray(whole * 1.25), width / 2, height / 2);
}
