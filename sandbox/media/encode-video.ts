import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleView, toPlanes, type View } from './camera-move';
import { loadNodeAv } from './load-node-av';
import type { MediaResult, VideoTask } from './media-task';

/** H.264 in MP4, playable while it loads: the camera moves over the picture, easing in and out. */
export async function encodeVideo(task: VideoTask): Promise<MediaResult> {
  const folder = await mkdtemp(join(tmpdir(), 'everframe-clip-'));
  try {
    const path = join(folder, 'clip.mp4');
    await writeClip(task, path);
    return { bytes: await readFile(path), durationSeconds: task.frames / task.frameRate };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeClip(task: VideoTask, path: string): Promise<void> {
  const { api, lib, constants } = await loadNodeAv();
  const { width, height, frameRate, frames } = task;
  const muxer = await api.Muxer.open(path, { options: { movflags: '+faststart' } });
  const encoder = await api.Encoder.create(constants.FF_ENCODER_LIBX264, {
    context: { gopSize: frameRate * 2, threadCount: 2 },
    options: { preset: 'veryfast', crf: 23 },
  });
  const stream = muxer.addStream(encoder);
  for (let index = 0; index < frames; index += 1) {
    const frame = lib.Frame.fromVideoBuffer(drawFrame(task, index), {
      width,
      height,
      format: constants.AV_PIX_FMT_YUV420P,
      timeBase: { num: 1, den: frameRate },
      pts: BigInt(index),
    });
    for await (const packet of encoder.packets(frame)) await muxer.writePacket(packet, stream);
    frame.free();
  }
  for await (const packet of encoder.flushPackets()) await muxer.writePacket(packet, stream);
  await muxer.close();
}

/**
 * node-av's frames point into the Buffer they were made from without holding it (6.1.1): one that was collected
 * before x264 had read it ends the process. So frames are drawn into these few, which stay.
 */
const buffers: Buffer[] = [];
const bufferCount = 8;

const planes = new WeakMap<VideoTask, ReturnType<typeof toPlanes>>();

function drawFrame(task: VideoTask, index: number): Buffer {
  const { picture, width, height, frames, from, to } = task;
  const source = planes.get(task) ?? toPlanes(picture.rgb, picture.width, picture.height);
  planes.set(task, source);
  const time = frames < 2 ? 0 : index / (frames - 1);
  const eased = time * time * (3 - 2 * time);
  const between = (start: number, end: number): number => start + (end - start) * eased;
  const view: View = {
    x: between(from.x, to.x),
    y: between(from.y, to.y),
    share: between(from.share, to.share),
  };
  const frame = (buffers[index % bufferCount] ??= Buffer.alloc((width * height * 3) / 2));
  const quarter = (width * height) / 4;
  sampleView(source[0], view, frame.subarray(0, width * height), width, height);
  sampleView(
    source[1],
    view,
    frame.subarray(width * height, width * height + quarter),
    width / 2,
    height / 2,
  );
  sampleView(source[2], view, frame.subarray(width * height + quarter), width / 2, height / 2);
  return frame;
}
