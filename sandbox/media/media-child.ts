import { decodeSound, encodeSound, lengthOfMedia, secondsOf } from './encode-sound';
import { encodeVideo, remakeClip } from './encode-video';
import type { MediaReply, MediaResult, MediaTask, SoundTask, VoiceTask } from './media-task';
import { speak } from './speak';
import { synthesise } from './synthesise';

/** Entry of the child process: one task in, one result out, then it leaves. */
process.once('message', (task: MediaTask) => {
  const reply = perform(task).then(
    (result): MediaReply => ({ result }),
    (error: unknown): MediaReply => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  void reply.then((message) => process.send?.(message));
});
process.once('disconnect', () => process.exit(0));

async function perform(task: MediaTask): Promise<MediaResult> {
  switch (task.kind) {
    case 'video':
      return encodeVideo(task);
    case 'clip':
      return remakeClip(task);
    case 'speech':
      return speak(task);
    case 'sound':
      return compose(task);
    case 'voice':
      return changeVoice(task);
    case 'measure':
      return { bytes: new Uint8Array(), durationSeconds: await lengthOfMedia(task.file) };
  }
}

async function compose({ composition, lengthOf, encoding }: SoundTask): Promise<MediaResult> {
  const seconds = lengthOf === undefined ? composition.seconds : await lengthOfMedia(lengthOf);
  const samples = synthesise({ ...composition, seconds });
  return { bytes: await encodeSound(samples, encoding), durationSeconds: secondsOf(samples) };
}

async function changeVoice({ sound, pitch, encoding }: VoiceTask): Promise<MediaResult> {
  const samples = await decodeSound(sound, pitch);
  if (samples.length === 0) throw new Error('the given recording holds no sound');
  return { bytes: await encodeSound(samples, encoding), durationSeconds: secondsOf(samples) };
}
