import type { MediaReply, MediaTask } from './media-task';
import { encodeVideo } from './encode-video';
import { speak } from './speak';

/** Entry of the child process: one task in, one result out, then it leaves. */
process.once('message', (task: MediaTask) => {
  const work = task.kind === 'video' ? encodeVideo(task) : speak(task);
  const reply = work.then(
    (result): MediaReply => ({ result }),
    (error: unknown): MediaReply => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  void reply.then((message) => process.send?.(message));
});
process.once('disconnect', () => process.exit(0));
