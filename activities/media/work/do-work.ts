import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import { audioWork, type AudioWork } from '../../../pipeline/nodes/local/audio-work';
import { imageWork, type ImageWork } from '../../../pipeline/nodes/local/image-work';
import { videoWork, type VideoWork } from '../../../pipeline/nodes/local/video-work';
import { MediaError } from '../../../store/assets/media/media-error';
import type { MediaOperation, MediaResult } from '../media-operation';
import { workOnAudio } from './audio-workers';
import { workOnImages } from './image-workers';
import { workOnVideo } from './video-workers';
import type { Work, WorkResult } from './work';

/** Does the work of one node type of pipeline/nodes/local in a new folder. @throws MediaError */
export async function doWork(
  { work: name, config, inputs }: Extract<MediaOperation, { readonly kind: 'work' }>,
  folder: string,
): Promise<MediaResult> {
  await mkdir(folder);
  try {
    const { files = {}, values = {} } = await perform(name, { config, inputs, folder });
    return { kind: 'work', folder, files: mutable(files), values };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    throw new MediaError('unsupported', `${name} cannot run with its config: ${z.prettifyError(error)}`);
  }
}

async function perform(name: string, work: Work<unknown>): Promise<WorkResult> {
  if (Object.hasOwn(imageWork, name)) return workOnImages(name as ImageWork, work);
  if (Object.hasOwn(videoWork, name)) return workOnVideo(name as VideoWork, work);
  if (Object.hasOwn(audioWork, name)) return workOnAudio(name as AudioWork, work);
  throw new MediaError('unsupported', `There is no local work "${name}".`);
}

function mutable(files: NonNullable<WorkResult['files']>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(files).map(([port, file]) => [port, typeof file === 'string' ? file : [...file]]),
  );
}
