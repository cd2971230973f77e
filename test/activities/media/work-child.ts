/** Does many pieces of local work one after the other, for the tests: one process in place of a hundred. */
import { mediaOperationSchema } from '../../../activities/media/media-operation';
import { MediaError } from '../../../store/assets/media/media-error';
import { probeTimedMedia } from '../../../activities/media/timed-media';
import { doWork } from '../../../activities/media/work/do-work';

process.on('message', (message: { readonly operation: unknown; readonly folder: string }) => {
  perform(message.operation, message.folder).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: toFailure(error) }),
  );
});

async function perform(given: unknown, folder: string): Promise<unknown> {
  const operation = mediaOperationSchema.parse(given);
  if (operation.kind === 'work') return doWork(operation, folder);
  if (operation.kind === 'video.probe') return probeTimedMedia(operation.inputPath);
  throw new Error(`Only local work and probes are done here, not ${operation.kind}.`);
}

function toFailure(error: unknown): object {
  if (error instanceof MediaError) return { kind: error.kind, message: error.message };
  return { kind: 'crashed', message: error instanceof Error ? error.stack : String(error) };
}
