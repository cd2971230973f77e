/** A process for one piece of media work: takes one message, does it, answers with one message, ends. */
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { z } from 'zod';
import { childRequestSchema, type ChildReply, type ChildRequest } from './child-protocol';
import { runImageOperation } from './image-operations';
import { MediaError } from '../../store/assets/media/media-error';
import { nameOf, type MediaResult } from './media-operation';
import { makeThumbnail, probeTimedMedia } from './timed-media';
import { doWork } from './work/do-work';

const MEMORY_CHECK_INTERVAL_MS = 20;
const BYTES_PER_MB = 1024 * 1024;

process.once('message', (message) => {
  answer(message).then(
    (result) => reply({ status: 'done', result }),
    (error: unknown) => reply(toFailure(error)),
  );
});
// The worker is gone: nobody wants the result. Not process.exit, which waits for native threads.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
yieldToOthers();

async function answer(message: unknown): Promise<MediaResult> {
  const request = childRequestSchema.safeParse(message);
  if (!request.success)
    throw new MediaError('unsupported', `This media work is not possible: ${z.prettifyError(request.error)}`);
  watchMemory(request.data);
  return perform(request.data);
}

async function perform({ operation, outputPath }: ChildRequest): Promise<MediaResult> {
  switch (operation.kind) {
    case 'video.probe':
    case 'audio.probe':
      return { kind: 'probe', probe: await probeTimedMedia(operation.inputPath) };
    case 'video.thumbnail':
      return makeThumbnail(operation, outputPath);
    case 'work':
      return doWork(operation, outputPath);
    default:
      return runImageOperation(operation, outputPath);
  }
}

/** V8's own limit does not see the memory of native libraries; they work in threads, so that this timer goes on. */
function watchMemory({ operation, memoryLimitMb }: ChildRequest): void {
  setInterval(() => {
    if (process.memoryUsage.rss() <= memoryLimitMb * BYTES_PER_MB) return;
    const message = `${nameOf(operation)} needs more memory than it may have (${memoryLimitMb} MB).`;
    reply({ status: 'failed', kind: 'too_large', message });
  }, MEMORY_CHECK_INTERVAL_MS);
}

let hasReplied = false;

function reply(message: ChildReply): void {
  if (hasReplied) return;
  hasReplied = true;
  process.send?.(message, () => process.kill(process.pid, 'SIGKILL'));
}

function toFailure(error: unknown): ChildReply {
  if (error instanceof MediaError) {
    const { kind, message, operatorDetail } = error;
    return { status: 'failed', kind, message, operatorDetail };
  }
  const operatorDetail = error instanceof Error ? error.stack : String(error);
  return {
    status: 'failed',
    kind: 'crashed',
    message: 'The media work stopped on an unexpected error.',
    operatorDetail,
  };
}

/** The worker's heartbeats come first, and when memory runs out it is this process that Linux ends. */
function yieldToOthers(): void {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);
}
