// Writes one small real media file with the FFmpeg libraries of node-av. Runs in its own process, since node-av
// is an ES module and jest on Node 20 loads CommonJS only. Argument: JSON, see ClipRequest in media-fixtures.ts.
Promise.withResolvers ??= function withResolvers() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};
const { Encoder, Muxer } = await import('node-av/api');
const { Frame, Log } = await import('node-av/lib');
const { AV_CHANNEL_LAYOUT_MONO, AV_LOG_ERROR, AV_PIX_FMT_YUV420P, AV_SAMPLE_FMT_S16 } =
  await import('node-av/constants');

Log.setLevel(AV_LOG_ERROR);
const clip = JSON.parse(process.argv[2]);
const frameRate = clip.frameRate ?? 10;
const sampleRate = 48_000;

/** A frame does not copy its pixels or samples but points to them: they must not be collected before it is encoded. */
const kept = [];
function keep(buffer) {
  kept.push(buffer);
  return buffer;
}

/** Frame `index` is a flat grey whose luma rises by 40 a second, so that a test can tell which moment it sees. */
function videoFrame(index) {
  const { width, height } = clip.video;
  const luma = Math.min(235, 20 + Math.round((index / frameRate) * 40));
  const pixels = keep(
    Buffer.concat([Buffer.alloc(width * height, luma), Buffer.alloc((width * height) / 2, 128)]),
  );
  return Frame.fromVideoBuffer(pixels, {
    width,
    height,
    format: AV_PIX_FMT_YUV420P,
    timeBase: { num: 1, den: frameRate },
    pts: BigInt(index),
  });
}

/** A 440 Hz tone, 1,024 samples of 16 bits a frame. */
function audioFrame(index) {
  const samples = keep(Buffer.alloc(1024 * 2));
  for (let sample = 0; sample < 1024; sample += 1) {
    const value = 0.3 * Math.sin((2 * Math.PI * 440 * (index * 1024 + sample)) / sampleRate);
    samples.writeInt16LE(Math.round(value * 32_767), sample * 2);
  }
  return Frame.fromAudioBuffer(samples, {
    nbSamples: 1024,
    format: AV_SAMPLE_FMT_S16,
    sampleRate,
    channelLayout: AV_CHANNEL_LAYOUT_MONO,
    timeBase: { num: 1, den: sampleRate },
    pts: BigInt(index * 1024),
  });
}

async function writeAll(encoder, index, muxer, frames) {
  for (const frame of frames)
    for await (const packet of encoder.packets(frame)) await muxer.writePacket(packet, index);
  for await (const packet of encoder.flushPackets()) await muxer.writePacket(packet, index);
}

const muxer = await Muxer.open(clip.path, { format: clip.format, options: clip.muxerOptions ?? {} });
const tracks = [];
if (clip.video) {
  const encoder = await Encoder.create(clip.video.codec, { context: { bitRate: 200_000, gopSize: 5 } });
  const frames = Array.from({ length: Math.round(clip.seconds * frameRate) }, (_, index) =>
    videoFrame(index),
  );
  tracks.push({ encoder, frames, index: muxer.addStream(encoder) });
}
if (clip.audio) {
  const encoder = await Encoder.create(clip.audio.codec, { autoResample: true });
  const count = Math.ceil((clip.seconds * sampleRate) / 1024);
  const frames = Array.from({ length: count }, (_, index) => audioFrame(index));
  tracks.push({ encoder, frames, index: muxer.addStream(encoder) });
}
for (const track of tracks) await writeAll(track.encoder, track.index, muxer, track.frames);
await muxer.close();
