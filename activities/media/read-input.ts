import { withLocalFile } from '../../store/assets/media/local-file';
import { MediaError } from '../../store/assets/media/media-error';
import { SNIFF_BYTES, sniffMediaType, type SniffedType } from '../../store/assets/media/sniff-media-type';

/**
 * What the file is by its bytes; nothing is opened by a library before.
 *
 * @throws MediaError `unsupported` when it is not of one of these kinds.
 */
export async function sniffInput(path: string, kinds: readonly SniffedType['kind'][]): Promise<SniffedType> {
  const sniffed = sniffMediaType(await withLocalFile(path, (file) => file.read(0, SNIFF_BYTES)));
  if (sniffed && kinds.includes(sniffed.kind)) return sniffed;
  const found = sniffed?.mimeType ?? 'of a type that is not taken';
  throw new MediaError('unsupported', `The file is ${found} by its bytes; ${kinds.join(' or ')} is needed.`);
}
