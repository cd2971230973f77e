import { tmpdir } from 'node:os';
import type { MediaProbe } from '../../store/assets/media/media-probe';
import { probeHeader } from '../../store/assets/media/probe-header';
import type { MediaOperation } from './media-operation';
import { runMediaOperation } from './run-media-operation';

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
  const probe = await probeHeader(path, mimeType);
  return probe ?? probeInChild({ kind: `${kind}.probe`, inputPath: path }, options);
}

function kindOf(mimeType: string): 'image' | 'video' | 'audio' | undefined {
  return (['image', 'video', 'audio'] as const).find((kind) => mimeType.startsWith(`${kind}/`));
}

async function probeInChild(
  operation: MediaOperation,
  { signal, workFolder = tmpdir() }: ProbeOptions,
): Promise<MediaProbe> {
  const limits = { timeoutMs: CHILD_TIMEOUT_MS, memoryLimitMb: CHILD_MEMORY_LIMIT_MB };
  const result = await runMediaOperation(operation, { ...limits, signal, workFolder });
  return result.kind === 'probe' ? result.probe : {};
}
