import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeAv } from '../load-node-av';
import { MediaError } from '../../../store/assets/media/media-error';
import { assertPixels } from '../../../store/assets/media/media-probe';
import { sniffInput } from '../read-input';
import { DEMUXERS, rotationOf, withDemuxer } from '../timed-media';
import type { Work } from './work';

/** A clip or recording as the filter graphs read it. */
export interface Source {
  /** Name in the folder of the work: a graph never holds a path, so that none can be mistaken for a part of it. */
  readonly name: string;
  /** FFmpeg's demuxer, by the bytes of the file. */
  readonly format: string;
  readonly durationSeconds: number;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** To turn it upright, clockwise. */
  readonly degrees: number;
  readonly frameRate: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly codec: string;
}

const FRAME_RATE_MAX = 60;
const USUAL_FRAME_RATE = 25;
/** Longer ones are for an encoder farm, not for a node. */
const SECONDS_MAX = 2 * 3_600;

/** Opens what is at a port and links it into the folder of the work. @throws MediaError */
export async function openSources(
  nodeAv: NodeAv,
  work: Pick<Work<unknown>, 'inputs' | 'folder'>,
  port: string,
  kinds: readonly ('video' | 'audio')[],
  countMax = 1,
): Promise<readonly Source[]> {
  const paths = work.inputs[port] ?? [];
  if (paths.length > countMax) {
    throw new MediaError('unsupported', `${paths.length} files were given; ${countMax} is the limit.`);
  }
  const sources: Source[] = [];
  for (const [index, path] of paths.entries()) {
    const name = `${port}${index}`;
    await symlink(path, join(work.folder, name));
    sources.push(await readSource(nodeAv, path, name, kinds));
  }
  return sources;
}

async function readSource(
  nodeAv: NodeAv,
  path: string,
  name: string,
  kinds: readonly ('video' | 'audio')[],
): Promise<Source> {
  const type = await sniffInput(path, kinds);
  return withDemuxer(nodeAv, path, type, async (demuxer) => {
    const picture = type.kind === 'video' ? demuxer.video() : undefined;
    const sound = demuxer.audio();
    const stream = picture ?? sound;
    if (!stream) throw new MediaError('invalid_media', 'The file has neither picture nor sound.');
    if (picture) assertPixels(picture.codecpar, 'The video');
    const durationSeconds = demuxer.duration > 0 ? demuxer.duration : 0;
    if (durationSeconds > SECONDS_MAX)
      throw new MediaError(
        'too_large',
        `The file lasts ${Math.round(durationSeconds)} s; ${SECONDS_MAX} s is the limit.`,
      );
    const degrees = picture ? rotationOf(picture, nodeAv.constants) : 0;
    const { width = 0, height = 0 } = picture?.codecpar ?? {};
    return {
      ...{ name, format: DEMUXERS[type.mimeType] ?? '', durationSeconds, degrees },
      ...{ hasVideo: picture !== undefined, hasAudio: sound !== undefined },
      width: degrees % 180 === 0 ? width : height,
      height: degrees % 180 === 0 ? height : width,
      frameRate: frameRateOf(picture?.avgFrameRate),
      sampleRate: sound?.codecpar.sampleRate ?? 0,
      channels: sound?.codecpar.channels ?? 0,
      codec: nodeAv.library.avGetCodecName(stream.codecpar.codecId) ?? 'unknown',
    };
  });
}

function frameRateOf(rate: { readonly num: number; readonly den: number } | undefined): number {
  const given = rate && rate.num > 0 && rate.den > 0 ? rate.num / rate.den : USUAL_FRAME_RATE;
  return Math.min(FRAME_RATE_MAX, Math.max(1, given));
}
