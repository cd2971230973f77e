import { tmpdir } from 'node:os';
import sharp from 'sharp';
import { imageIsComplete } from './image-is-complete';
import { withLocalFile, type LocalFile } from './local-file';
import { MediaError } from './media-error';
import { assertPixels, type MediaOperation, type MediaProbe } from './media-operation';
import { probeMp4 } from './probe-mp4';
import { probeWav } from './probe-wav';
import { runMediaOperation } from './run-media-operation';
import { SNIFF_BYTES, sniffMediaType } from './sniff-media-type';

const CHILD_TIMEOUT_MS = 60_000;
const CHILD_MEMORY_LIMIT_MB = 1_024;

export interface ProbeOptions {
  readonly signal?: AbortSignal;
  /** For scratch files of a child process; default: the system's folder for temporary files. */
  readonly workFolder?: string;
}

/**
 * Says what a stored media file is like, and that it is not visibly cut off. Cheap enough for every asset: headers of
 * images, WAV and MP4 are read in process (a few milliseconds); other sound and video, and an image whose end is not where
 * it should be, go to a child process (about 0.2 s).
 *
 * @param path - Absolute path of a local file.
 * @param mimeType - As `sniffMediaType` told it; what is no media gives an empty answer.
 * @throws MediaError `invalid_media` or `too_large`; `timeout` or `crashed` when the child failed.
 */
export async function probeMedia(
  path: string,
  mimeType: string,
  options: ProbeOptions = {},
): Promise<MediaProbe> {
  const kind = kindOf(mimeType);
  if (kind === undefined) return {};
  const probe = await withLocalFile(path, async (file) => {
    await assertType(file, mimeType);
    return probeHeader(file, path, mimeType);
  });
  return probe ?? probeInChild({ kind: `${kind}.probe`, inputPath: path }, options);
}

function kindOf(mimeType: string): 'image' | 'video' | 'audio' | undefined {
  return (['image', 'video', 'audio'] as const).find((kind) => mimeType.startsWith(`${kind}/`));
}

/** Sniffs again, so that no other type's parser runs in this process, whatever the caller believes. */
async function assertType(file: LocalFile, mimeType: string): Promise<void> {
  const sniffed = sniffMediaType(await file.read(0, SNIFF_BYTES));
  if (sniffed?.mimeType === mimeType) return;
  throw new MediaError(
    'invalid_media',
    `By its bytes the file is ${sniffed?.mimeType ?? 'of an unknown type'}, not ${mimeType}.`,
  );
}

/** Undefined where the header does not say enough. */
async function probeHeader(file: LocalFile, path: string, mimeType: string): Promise<MediaProbe | undefined> {
  switch (mimeType) {
    case 'audio/wav':
      return probeWav(file);
    case 'video/mp4':
    case 'video/quicktime':
    case 'audio/mp4':
      return probeMp4(file);
    default:
      return mimeType.startsWith('image/') ? probeImage(file, path, mimeType) : undefined;
  }
}

/** Reads the header only; nothing is decoded in this process. */
async function probeImage(file: LocalFile, path: string, mimeType: string): Promise<MediaProbe | undefined> {
  if (!(await imageIsComplete(file, mimeType))) return undefined;
  const { width, height, format, pages = 1, autoOrient } = await readMetadata(path, mimeType);
  assertPixels({ width, height: height * pages }, 'The picture');
  return { width: autoOrient.width, height: autoOrient.height, codec: format === 'heif' ? 'av1' : format };
}

async function readMetadata(path: string, mimeType: string): Promise<sharp.Metadata> {
  try {
    return await sharp(path, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw new MediaError('invalid_media', `The header of the ${mimeType} file cannot be read.`, {
      cause: error,
      operatorDetail: String(error),
    });
  }
}

async function probeInChild(
  operation: MediaOperation,
  { signal, workFolder = tmpdir() }: ProbeOptions,
): Promise<MediaProbe> {
  const limits = { timeoutMs: CHILD_TIMEOUT_MS, memoryLimitMb: CHILD_MEMORY_LIMIT_MB };
  const result = await runMediaOperation(operation, { ...limits, signal, workFolder });
  return result.kind === 'probe' ? result.probe : {};
}
