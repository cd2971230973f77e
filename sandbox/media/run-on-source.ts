import type { MediaResult, MediaTask } from './media-task';
import { SourceError } from './recipe';
import { runMediaTask } from './run-media-task';

/** A task on a file that the caller gave: what goes wrong is laid to that file. */
export async function runOnSource(source: string, task: MediaTask): Promise<MediaResult> {
  try {
    return await runMediaTask(task);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown reason';
    throw new SourceError(source, 'decode', `could not read the file: ${why}`);
  }
}
