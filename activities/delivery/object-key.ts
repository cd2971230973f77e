import { textOf } from '../../pipeline/pure/values';
import type { JsonObject, StepInput } from '../../workflows/contract';
import { StepError } from '../to-application-failure';
import type { Content } from './content';

const KEY_BYTES_MAX = 1_024;

const endings: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
  'image/svg+xml': 'svg',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'audio/mpeg': 'mp3',
  'audio/wav': 'wav',
  'audio/ogg': 'ogg',
  'audio/flac': 'flac',
  'audio/mp4': 'm4a',
  'text/plain': 'txt',
  'application/json': 'json',
  'application/pdf': 'pdf',
};

/**
 * The key of an object, of what is the same however often the step is tried.
 *
 * @throws StepError `InputInvalid` for one that stores do not take, or that leads out of the prefix
 */
export function objectKey(
  { executionId, step, nodeId }: StepInput,
  config: JsonObject,
  content: Content,
): string {
  const names: Readonly<Record<string, string>> = {
    ...{ sha256: content.sha256, executionId, step },
    ext: endings[content.mimeType.split(';')[0]?.trim() ?? ''] ?? 'bin',
  };
  const written = textOf(config['prefix'] ?? '') + textOf(config['key'] ?? '');
  const key = written.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
  const problem = problemOf(key);
  if (problem === undefined) return key;
  throw new StepError('InputInvalid', `Node "${nodeId}": the key "${key.slice(0, 200)}" ${problem}.`);
}

function problemOf(key: string): string | undefined {
  const bytes = Buffer.byteLength(key);
  if (bytes > KEY_BYTES_MAX) return `has ${bytes} bytes; ${KEY_BYTES_MAX} are allowed`;
  if (key.startsWith('/') || key.includes('//')) return 'has an empty part: remove the slash';
  if (key.split('/').some((part) => part === '.' || part === '..')) return 'has a part of dots alone';
  return /\p{Cc}/u.test(key) ? 'has control characters' : undefined;
}
