import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import { field } from '../request';
import type { Endpoint } from '../table/provider-node';

function task(operation: string): Endpoint {
  return { provider: 'kling', label: 'Kling', operation, execution: 'queue' };
}

/** Kling's classic dialect; the body is that of the task without `model_name`. */
export const klingTextToVideo = task('text_to_video');
export const klingImageToVideo = task('image_to_video');
export const klingAvatar = task('avatar');
export const klingLipSync = task('lip_sync');

/** The first clip of a task. */
export function klingVideo({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const url = field(body, 'task_result', 'videos', 0, 'url');
  if (typeof url === 'string' && url !== '') return { video: { kind: 'url', url } };
  throw new UnexpectedReplyError('The task of Kling succeeded without a clip (task_result.videos[0].url).');
}
