// Decodes a clip and prints the number of its frames, its size, and hashes of the first and last picture as JSON.
import { createHash } from 'node:crypto';

Promise.withResolvers ??= function withResolvers() {
  const deferred = {};
  deferred.promise = new Promise((resolve, reject) => Object.assign(deferred, { resolve, reject }));
  return deferred;
};
const { Decoder, Demuxer } = await import('node-av/api');

const demuxer = await Demuxer.open(process.argv[2]);
const stream = demuxer.video();
const decoder = await Decoder.create(stream);
const seen = { frames: 0 };
for await (const frame of decoder.frames(demuxer.packets(stream.index))) {
  if (!frame) continue;
  const hash = createHash('sha256').update(frame.toBuffer()).digest('hex');
  seen.frames += 1;
  seen.first ??= hash;
  Object.assign(seen, { last: hash, width: frame.width, height: frame.height });
}
await demuxer.close();
process.stdout.write(JSON.stringify(seen));
